import { JournalError } from '../../errors.js';
import type { Care, FileCare } from '../care.js';
import type { EventType, PositionedEvent, RunEvent } from '../event.js';
import type {
  Change,
  Claim,
  Fork,
  Inbox,
  Journal,
  News,
  NewRequest,
  NewSignal,
  Reply,
  RunCommit,
  RunPage,
  Signalled,
  Started,
  Worker,
} from '../journal.js';
import type { Exposed } from '../exposed.js';
import { Listeners, type Listener } from '../listeners.js';
import type { PayloadSeal } from '../payloads/payload-seal.js';
import type { NewRun, RunFilter, RunRecord } from '../run-record.js';
import type { Statement } from '../statement.js';
import type { RunStatus } from '../status.js';
import { retryBusy } from './busy.js';
import { AnsweredSignal } from './answered-signal.js';
import { AppendBuffer } from './append-buffer.js';
import { embeddedCare } from './care/embedded-care.js';
import { Claims } from './claims.js';
import type { Connection } from './connection.js';
import { journalError } from './failures.js';
import { ForeignWrites, versionOf } from './foreign-writes.js';
import { GroupCommit, type GroupCommitOptions } from './group-commit.js';
import { InboxWriter } from './inbox-writer.js';
import { OwnRows } from './own-rows.js';
import { Ownership } from './ownership.js';
import { Reader } from './reader.js';
import { RowReader } from './row-reader.js';
import { RunWriter } from './run-writer.js';
import { StoredPayloads } from './stored-payloads.js';

/** What a claim counts for in a group, at most. */
const mostRowsAtOnce = 1000;

/** The journal in a file or in memory, over the native driver. One connection writes; it is this process's only one. */
export class EmbeddedJournal implements Journal {
  readonly care: Care;
  readonly file: FileCare;
  readonly #connection: Connection;
  readonly #group: GroupCommit;
  readonly #busyTimeoutMs: number | undefined;
  readonly #ownership: Ownership;
  readonly #own = new OwnRows();
  readonly #appends: AppendBuffer;
  readonly #listeners = new Listeners();
  readonly #inbox: InboxWriter;
  readonly #writer: RunWriter;
  readonly #reader: Reader;
  readonly #claims: Claims;
  readonly #foreign: ForeignWrites | undefined;
  #closed: Promise<void> | undefined;

  constructor(connection: Connection, seal: PayloadSeal, options: GroupCommitOptions, path?: string) {
    this.#connection = connection;
    this.#ownership = new Ownership(connection);
    const [payloads, rows] = [new StoredPayloads(connection, seal), new RowReader((text) => seal.open(text))];
    this.#appends = new AppendBuffer(connection, payloads);
    this.#reader = new Reader(connection, rows);
    this.#claims = new Claims(connection, this.#ownership, this.#own, rows);
    const note = (change: Change): void => {
      this.#listeners.note(change);
    };
    const shared = { payloads, rows, reader: this.#reader, note };
    this.#inbox = new InboxWriter({ connection, ...shared });
    this.#writer = new RunWriter(connection, {
      ownership: this.#ownership,
      own: this.#own,
      appends: this.#appends,
      inbox: this.#inbox,
      ...shared,
    });
    this.#busyTimeoutMs = options.busyTimeoutMs;
    const read = <T>(work: () => T): Promise<T> => this.#read(work);
    const write = <T>(count: number, work: () => T): Promise<T> => this.#add(count, work);
    const careParts = { connection, seal, path, busyTimeoutMs: options.busyTimeoutMs, read, write };
    ({ care: this.care, file: this.file } = embeddedCare(careParts));
    this.#group = new GroupCommit(connection, options, {
      written: () => {
        this.#claims.write();
        this.#appends.write(() => this.#ownership.proof());
      },
      committed: () => {
        this.#foreign?.committed();
        this.#listeners.tellNoted();
      },
      rolledBack: () => {
        // What was noted in it came to nothing, and rows that were seen are not there.
        for (const noted of [this.#appends, this.#claims, this.#own]) noted.clear();
        this.#listeners.forgetNoted();
      },
    });
    this.#foreign = path === undefined ? undefined : this.#watch(path);
  }

  start(run: NewRun, statements?: readonly Statement[]): Promise<Started> {
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
    behind?: readonly RunStatus[],
  ): Promise<{ readonly id: number | undefined; readonly run: RunRecord }> {
    return this.#add(1, () => this.#inbox.request(request, statuses, behind));
  }

  fork(fork: Fork): Promise<Started> {
    return this.#add(fork.to + 2, () => this.#writer.fork(fork));
  }

  signal(signal: NewSignal, reply?: Reply): Promise<Signalled> {
    const answered = new AnsweredSignal(this.#inbox, this.#writer, signal, reply);
    return this.#add(
      reply ? 3 : 1,
      () => answered.write(),
      () => answered.refused(),
    );
  }

  run(id: string): Promise<RunRecord | undefined> {
    return this.#read(() => this.#reader.run(id));
  }

  isRunningHere(id: string): boolean {
    return this.#own.isRunning(id);
  }

  runs(filter: RunFilter, page: RunPage): Promise<readonly RunRecord[]> {
    return this.#read(() => this.#reader.runs(filter, page));
  }

  events(runId: string, link: number, from: number, limit: number): Promise<readonly RunEvent[]> {
    return this.#read(() => this.#reader.events(runId, link, from, limit));
  }

  last(runId: string, link: number, type?: EventType): Promise<RunEvent | undefined> {
    return this.#read(() => this.#reader.last(runId, link, type));
  }

  ofType(runId: string, link: number, type: EventType): Promise<readonly RunEvent[]> {
    return this.#read(() => this.#reader.ofType(runId, link, type));
  }

  lastOutput(runId: string, link: number): Promise<RunEvent | undefined> {
    return this.#read(() => this.#reader.lastOutput(runId, link));
  }

  exposed(runId: string): Promise<readonly Exposed[]> {
    return this.#read(() => this.#reader.exposed(runId));
  }

  tail(after: number, limit: number): Promise<readonly PositionedEvent[]> {
    return this.#read(() => this.#reader.tail(after, limit));
  }

  inbox(runId: string, signals?: readonly number[]): Promise<Inbox> {
    return this.#read(() => this.#reader.inbox(runId, signals));
  }

  isUnread(letterId: number): Promise<boolean> {
    return this.#read(() => this.#reader.isUnread(letterId));
  }

  news(after: number, limit: number): Promise<readonly News[]> {
    return this.#read(() => this.#reader.news(after, limit, this.#ownership.workerId));
  }

  nextWake(now: number): Promise<number | undefined> {
    return this.#read(() => this.#reader.nextWake(now, this.#ownership.workerId));
  }

  owned(): Promise<readonly string[]> {
    return this.#read(() => this.#reader.owned(this.#ownership.workerId));
  }

  // ── ownership ─────────────────────────────────────────────────────────────────────────────────────────────────────────

  async acquire({ id, leaseMs }: Parameters<Journal['acquire']>[0]): Promise<Worker> {
    const before = this.#ownership.workerId;
    const worker = await this.#add(1, () => this.#ownership.acquire(id, Date.now(), leaseMs));
    this.#ownership.hold(worker);
    // What was this journal's before is so no longer: whoever waits for a run that was known to be executed here has to look.
    this.#own.clear();
    if (before !== undefined) this.#listeners.tell([{ type: 'foreign' }]);
    await this.#read(() => {
      this.#ownership.chooseCheckpointer();
    });
    return worker;
  }

  async renew(leaseMs: number): Promise<void> {
    await this.#add(1, () => {
      this.#ownership.renew(Date.now(), leaseMs);
    });
    await this.#read(() => {
      this.#ownership.chooseCheckpointer();
    });
  }

  async release(): Promise<void> {
    const remove = this.#ownership.letGo();
    this.#own.clear();
    if (remove) await this.#add(1, remove);
  }

  async expire(): Promise<boolean> {
    const { gone, dead } = await this.#read(() => this.#ownership.look(Date.now()));
    for (const worker of dead) {
      await this.#add(1, () => {
        this.#ownership.expire(worker);
      });
    }
    if (gone) {
      await this.#read(() => {
        this.#ownership.chooseCheckpointer();
      });
    }
    return gone;
  }

  async claim(claim: Claim): Promise<readonly RunRecord[]> {
    // Most often there is nothing: finding that out takes no lock.
    const isAny = await this.#read(() => this.#claims.any(claim));
    return isAny ? this.#add(Math.min(claim.limit, mostRowsAtOnce), () => this.#claims.take(claim)) : [];
  }

  async claimRun(runId: string, onlyOpen = false): Promise<RunRecord | undefined> {
    return (await this.#add(1, () => this.#claims.ask(runId, onlyOpen))).record;
  }

  subscribe(listener: Listener): () => void {
    return this.#listeners.add(listener);
  }

  close(): Promise<void> {
    this.#closed ??= this.#group.drain().then(() => {
      this.#foreign?.stop();
      this.#ownership.letGo();
      this.#listeners.clear();
      this.#connection.close();
    });
    return this.#closed;
  }

  /** Others may have the file in a process of their own. */
  #watch(path: string): ForeignWrites {
    return new ForeignWrites(
      path,
      () => versionOf(this.#connection),
      () => {
        this.#listeners.tell([{ type: 'foreign' }]);
      },
    );
  }

  // ── plumbing ──────────────────────────────────────────────────────────────────────────────────────────────────────────

  #add<T>(count: number, write: () => T, another?: (error: unknown) => boolean): Promise<T> {
    if (this.#closed) return Promise.reject(closed());
    return this.#group.add(count, write, another);
  }

  async #read<T>(read: () => T): Promise<T> {
    if (this.#closed) throw closed();
    try {
      return await retryBusy(read, this.#busyTimeoutMs);
    } catch (error) {
      throw journalError(error, this.#connection.path);
    }
  }
}

const closed = (): JournalError => new JournalError('JOURNAL_CLOSED', 'this database is closed: open it again');
