import { EngineError, JournalError } from '../../errors.js';
import type { EventType, PositionedEvent, RunEvent } from '../event.js';
import type {
  Change,
  Exposed,
  Fork,
  Journal,
  Letter,
  NewRequest,
  NewSignal,
  RunCommit,
  SignalRecord,
  Worker,
} from '../journal.js';
import type { NewRun, RunFilter, RunRecord } from '../run-record.js';
import type { Statement } from '../statement.js';
import type { RunStatus } from '../status.js';
import { retryBusy } from './busy.js';
import { AppendBuffer } from './append-buffer.js';
import type { Binding, Connection } from './connection.js';
import { journalError } from './failures.js';
import { GroupCommit, type GroupCommitOptions } from './group-commit.js';
import { Ownership } from './ownership.js';
import * as rows from './rows.js';
import { RunWriter } from './run-writer.js';
import * as sql from './statements.js';

/** Characters of payloads that are read as one text. */
const longestPage = 16 << 20;

/** The journal in a file or in memory, over the native driver. One connection writes; it is this process's only one. */
export class EmbeddedJournal implements Journal {
  readonly #connection: Connection;
  readonly #group: GroupCommit;
  readonly #busyTimeoutMs: number | undefined;
  readonly #ownership: Ownership;
  readonly #appends: AppendBuffer;
  readonly #listeners = new Set<(changes: readonly Change[]) => void>();
  readonly #writer: RunWriter;
  #changes: Change[] = [];
  #closed: Promise<void> | undefined;

  constructor(connection: Connection, options: GroupCommitOptions) {
    this.#connection = connection;
    this.#ownership = new Ownership(connection);
    this.#appends = new AppendBuffer(connection);
    this.#writer = new RunWriter(connection, this.#ownership, this.#appends, (change) => {
      this.#note(change);
    });
    this.#busyTimeoutMs = options.busyTimeoutMs;
    this.#group = new GroupCommit(connection, options, {
      written: () => {
        this.#appends.write(() => this.#ownership.proof());
      },
      committed: () => {
        this.#announce();
      },
      rolledBack: () => {
        this.#appends.clear();
        this.#forget();
      },
    });
  }

  start(
    run: NewRun,
    statements?: readonly Statement[],
  ): Promise<{ readonly created: boolean; readonly run: RunRecord }> {
    const another = statements && ((error: unknown) => this.#writer.refuseStart(statements, error));
    return this.#add(2 + (statements?.length ?? 0), () => this.#writer.start(run, statements), another);
  }

  commit(commit: RunCommit): Promise<readonly RunEvent[]> {
    const size = commit.events.length + (commit.children?.length ?? 0) * 2 + 1;
    const another = commit.transactions ? (error: unknown) => this.#writer.refuse(commit, error) : undefined;
    return this.#add(size, () => this.#writer.commit(commit), another);
  }

  request(
    request: NewRequest,
    statuses: readonly RunStatus[],
  ): Promise<{ readonly id: number | undefined; readonly run: RunRecord }> {
    return this.#add(1, () => this.#writer.request(request, statuses));
  }

  fork(fork: Fork): Promise<{ readonly created: boolean; readonly run: RunRecord }> {
    return this.#add(fork.to + 2, () => this.#writer.fork(fork));
  }

  signal(signal: NewSignal): Promise<{ readonly accepted: boolean; readonly signal: SignalRecord }> {
    return this.#add(1, () => this.#signal(signal));
  }

  run(id: string): Promise<RunRecord | undefined> {
    return this.#read(() => this.#runById(id));
  }

  runs(filter: RunFilter, page: { readonly after?: string; readonly limit: number }): Promise<readonly RunRecord[]> {
    return this.#read(() => {
      const conditions: string[] = [];
      const bindings: Binding[] = [page.after ?? null];
      if (filter.workflow !== undefined) {
        conditions.push('workflow = ?');
        bindings.push(filter.workflow);
      }
      if (filter.status !== undefined) {
        conditions.push('status IN (SELECT value FROM json_each(?))');
        bindings.push(JSON.stringify([filter.status].flat()));
      }
      if (filter.parent !== undefined) {
        conditions.push('parent = (SELECT num FROM tempolite_runs WHERE id = ?)');
        bindings.push(filter.parent);
      }
      for (const [name, value] of Object.entries(filter.tags ?? {})) {
        conditions.push('EXISTS (SELECT 1 FROM json_each(tags) tag WHERE tag.key = ? AND tag.value = ?)');
        bindings.push(name, value);
      }
      bindings.push(BigInt(Math.min(page.limit, Number.MAX_SAFE_INTEGER)));
      return this.#connection.all(sql.listRuns(conditions), bindings).map(rows.fromRunRow);
    });
  }

  events(runId: string, link: number, from: number, limit: number): Promise<readonly RunEvent[]> {
    const page = [runId, BigInt(link), BigInt(from), BigInt(limit)];
    return this.#read(() => {
      const size = Number(this.#connection.all(sql.eventsSize, page)[0]?.[0]);
      return size > longestPage
        ? this.#connection.all(sql.eventsFrom, page).map(rows.fromEventRow)
        : rows.fromEventsPage(this.#connection.all(sql.eventsPage, page));
    });
  }

  last(runId: string, link: number, type?: EventType): Promise<RunEvent | undefined> {
    return this.#read(() => this.#last(runId, link, type));
  }

  ofType(runId: string, link: number, type: EventType): Promise<readonly RunEvent[]> {
    return this.#read(() => this.#connection.all(sql.eventsOfType, [runId, BigInt(link), type]).map(rows.fromEventRow));
  }

  lastOutput(runId: string, link: number): Promise<RunEvent | undefined> {
    return this.#read(() => {
      const end = this.#last(runId, link, 'run-completed');
      if (end?.type !== 'run-completed' || end.index === undefined) return this.#last(runId, link, 'output-emitted');
      const output = [runId, BigInt(link), BigInt(end.index - 1)];
      return this.#connection.all(sql.outputAt, output).map(rows.fromEventRow)[0];
    });
  }

  exposed(runId: string): Promise<readonly Exposed[]> {
    return this.#read(() => this.#connection.all(sql.exposed, [runId]).map(rows.fromExposedRow));
  }

  tail(after: number, limit: number): Promise<readonly PositionedEvent[]> {
    return this.#read(() =>
      this.#connection.all(sql.tail, [BigInt(after), BigInt(limit)]).map(([position, runId, link, ...event]) => ({
        position: Number(position),
        runId: String(runId),
        link: Number(link),
        event: rows.fromEventRow(event),
      })),
    );
  }

  mailbox(runId: string): Promise<readonly SignalRecord[]> {
    return this.#read(() => this.#connection.all(sql.mailbox, [runId]).map(rows.fromSignalRow));
  }

  letters(runId: string): Promise<readonly Letter[]> {
    return this.#read(() => this.#connection.all(sql.letters, [runId]).map(rows.fromLetterRow));
  }

  isUnread(letterId: number): Promise<boolean> {
    return this.#read(() => this.#connection.all(sql.unreadLetter, [BigInt(letterId)]).length > 0);
  }

  claimable(now: number, workflows: readonly string[], recover: boolean): Promise<readonly RunRecord[]> {
    return this.#read(() => {
      const instant = BigInt(Math.floor(now));
      const found = recover
        ? this.#connection.all(sql.recoverableRuns, [instant, instant])
        : this.#connection.all(sql.dueRuns, [instant]);
      return found.map(rows.fromRunRow).filter((run) => workflows.includes(run.workflow));
    });
  }

  nextWake(now: number): Promise<number | undefined> {
    return this.#read(() => {
      const next = this.#connection.all(sql.nextWake, [BigInt(Math.floor(now))])[0]?.[0];
      return typeof next === 'number' ? next : undefined;
    });
  }

  async acquire({ id, now, leaseMs }: Parameters<Journal['acquire']>[0]): Promise<Worker> {
    const worker = await this.#add(1, () => this.#ownership.acquire(id, now, leaseMs));
    this.#ownership.hold(worker);
    return worker;
  }

  renew(now: number, leaseMs: number): Promise<void> {
    return this.#add(1, () => {
      this.#ownership.renew(now, leaseMs);
    });
  }

  async release(): Promise<void> {
    const remove = this.#ownership.letGo();
    if (remove) await this.#add(1, remove);
  }

  subscribe(listener: (changes: readonly Change[]) => void): () => void {
    this.#listeners.add(listener);
    return () => {
      this.#listeners.delete(listener);
    };
  }

  close(): Promise<void> {
    this.#closed ??= this.#group.drain().then(() => {
      this.#ownership.letGo();
      this.#listeners.clear();
      this.#connection.close();
    });
    return this.#closed;
  }

  #signal(signal: NewSignal): { readonly accepted: boolean; readonly signal: SignalRecord } {
    const { runId, name, payload, idempotencyKey = null } = signal;
    const at = BigInt(Math.floor(signal.at));
    const stored = this.#connection.all(sql.insertSignal, [name, payload, at, idempotencyKey, runId])[0];
    if (stored) {
      const record = rows.fromSignalRow(stored);
      this.#note({ type: 'signal', runId, signal: record });
      return { accepted: true, signal: record };
    }
    const before = idempotencyKey === null ? [] : this.#connection.all(sql.signalByKey, [runId, name, idempotencyKey]);
    if (before[0]) return { accepted: false, signal: rows.fromSignalRow(before[0]) };
    const run = this.#runById(runId);
    if (!run)
      throw new EngineError('RUN_NOT_FOUND', `there is no run "${runId}" to signal: start it first, or check the id`);
    throw new EngineError(
      'RUN_ENDED',
      `run "${runId}" is ${run.status} and takes no more signals: "${name}" was not stored`,
    );
  }

  // ── changes ───────────────────────────────────────────────────────────────────────────────────────────────────────────

  #note(change: Change): void {
    if (this.#listeners.size > 0) this.#changes.push(change);
  }

  #announce(): void {
    const changes = this.#changes;
    this.#changes = [];
    if (changes.length > 0) for (const listener of [...this.#listeners]) listener(changes);
  }

  /** What was noted in a transaction that came to nothing: its changes, and rows that are not there. */
  #forget(): void {
    this.#changes = [];
    this.#writer.forget();
  }

  // ── plumbing ──────────────────────────────────────────────────────────────────────────────────────────────────────────

  #runById(id: string): RunRecord | undefined {
    return this.#connection.all(sql.runById, [id]).map(rows.fromRunRow)[0];
  }

  #last(runId: string, link: number, type?: EventType): RunEvent | undefined {
    const ofLink = [runId, BigInt(link)];
    const found =
      type === undefined
        ? this.#connection.all(sql.lastEvent, ofLink)
        : this.#connection.all(sql.lastOfType, [...ofLink, type]);
    return found.map(rows.fromEventRow)[0];
  }

  #add<T>(count: number, write: () => T, another?: (error: unknown) => boolean): Promise<T> {
    if (this.#closed) return Promise.reject(closed());
    return this.#group.add(count, write, another);
  }

  async #read<T>(read: () => T): Promise<T> {
    if (this.#closed) throw closed();
    try {
      return await retryBusy(read, this.#busyTimeoutMs);
    } catch (error) {
      throw journalError(error);
    }
  }
}

const closed = (): JournalError => new JournalError('JOURNAL_CLOSED', 'this database is closed: open it again');
