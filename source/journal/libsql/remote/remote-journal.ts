import { JournalError } from '../../../errors.js';
import { newId } from '../../../values/ids.js';
import type { Care } from '../../care.js';
import type { EventType, PositionedEvent, RunEvent } from '../../event.js';
import type { Exposed } from '../../exposed.js';
import type {
  Change,
  Claim,
  Fork,
  Journal,
  Inbox,
  News,
  NewRequest,
  NewSignal,
  RunCommit,
  Signalled,
  Started,
  Worker,
} from '../../journal.js';
import { Listeners, type Listener } from '../../listeners.js';
import type { PayloadSeal } from '../../payloads/payload-seal.js';
import type { NewRun, RunFilter, RunRecord } from '../../run-record.js';
import type { Statement } from '../../statement.js';
import { isOpen, type RunStatus } from '../../status.js';
import { SqlCare } from '../care/sql-care.js';
import type { GroupCommitOptions } from '../group-commit.js';
import { BatchCommit } from './batch-commit.js';
import { BatchWriter } from './batch-writer.js';
import { commitEntry } from './commit-entry.js';
import type { Entry } from './entry.js';
import { ForeignPoll } from './foreign-poll.js';
import { forkEntry } from './fork-entry.js';
import { requestEntry, signalEntry } from './inbox-entries.js';
import { deleteMarks, foreignMarks } from './marks.js';
import { OwnRuns } from './own-runs.js';
import type { Row } from './query.js';
import { remoteCareSql } from './remote-care.js';
import type { RemoteConnection } from './remote-connection.js';
import { defaultRemoteOptions, type RemoteOptions } from './remote-options.js';
import { RemoteReader } from './remote-reader.js';
import { startEntry, startWithEntry } from './start-entry.js';
import { transactionEntry } from './transaction-entry.js';
import { acquireEntry, claimEntry, claimRunEntry, expireEntry, releaseEntry, renewEntry } from './worker-entries.js';

/** The journal in a database that a server has. */
export class RemoteJournal implements Journal {
  readonly care: Care;
  readonly #connection: RemoteConnection;
  readonly #reader: RemoteReader;
  readonly #batches: BatchCommit;
  readonly #poll: ForeignPoll;
  readonly #listeners = new Listeners();
  readonly #lanes: readonly BatchWriter[];
  readonly #own = new OwnRuns();
  #worker: Worker | undefined;
  #others: ReadonlySet<string> = new Set();
  #closed: Promise<void> | undefined;

  /** `marks` are those that were there when it was opened. */
  constructor(
    connection: RemoteConnection,
    seal: PayloadSeal,
    marks: readonly Row[],
    options: RemoteOptions & GroupCommitOptions,
  ) {
    this.#connection = connection;
    this.#reader = new RemoteReader(connection, seal);
    const { batchesAtOnce = defaultRemoteOptions.batchesAtOnce } = options;
    this.#lanes = Array.from(
      { length: batchesAtOnce },
      () =>
        new BatchWriter(connection, newId(), options, (changes) => {
          this.#announce(changes);
        }),
    );
    this.#batches = new BatchCommit(this.#lanes, options);
    this.care = new SqlCare(
      remoteCareSql(connection, (entry) => this.#add(() => entry)),
      seal,
    );
    const writers = this.#lanes.map(({ writer }) => writer);
    const look = async (): Promise<string> => JSON.stringify(await this.#reader.rows(foreignMarks(writers)));
    this.#poll = new ForeignPoll(look, JSON.stringify(marks), options, () => {
      this.#listeners.tell([{ type: 'foreign' }]);
    });
  }

  // ── writing ───────────────────────────────────────────────────────────────────────────────────────────────────────────

  start(run: NewRun, statements?: readonly Statement[]): Promise<Started> {
    return this.#add(() =>
      statements && statements.length > 0
        ? startWithEntry(run, statements, this.#worker, this.#reader)
        : startEntry(run, this.#worker, this.#reader),
    );
  }

  async commit(commit: RunCommit): Promise<readonly RunEvent[]> {
    try {
      return await this.#add((worker) => {
        const owner = { worker: worker(), own: this.#own };
        return commit.transactions && commit.transactions.length > 0
          ? transactionEntry(commit, owner, this.#reader)
          : commitEntry(commit, owner, this.#reader);
      });
    } catch (error) {
      this.#own.doubt(commit.runId);
      throw error;
    }
  }

  signal(signal: NewSignal): Promise<Signalled> {
    return this.#add(() => signalEntry(signal, this.#reader));
  }

  request(
    request: NewRequest,
    statuses: readonly RunStatus[],
    behind?: readonly RunStatus[],
  ): Promise<{ readonly id: number | undefined; readonly run: RunRecord }> {
    return this.#add(() => requestEntry(request, statuses, behind, this.#reader));
  }

  fork(fork: Fork): Promise<Started> {
    return this.#add(() => forkEntry(fork, this.#reader));
  }

  // ── reading ───────────────────────────────────────────────────────────────────────────────────────────────────────────

  run(id: string): Promise<RunRecord | undefined> {
    return this.#read((reader) => reader.run(id));
  }

  isRunningHere(id: string): boolean {
    return this.#own.isRunning(id);
  }

  runs(filter: RunFilter, page: { readonly after?: string; readonly limit: number }): Promise<readonly RunRecord[]> {
    return this.#read((reader) => reader.runs(filter, page));
  }

  events(runId: string, link: number, from: number, limit: number): Promise<readonly RunEvent[]> {
    return this.#read((reader) => reader.events(runId, link, from, limit));
  }

  last(runId: string, link: number, type?: EventType): Promise<RunEvent | undefined> {
    return this.#read((reader) => reader.last(runId, link, type));
  }

  ofType(runId: string, link: number, type: EventType): Promise<readonly RunEvent[]> {
    return this.#read((reader) => reader.ofType(runId, link, type));
  }

  lastOutput(runId: string, link: number): Promise<RunEvent | undefined> {
    return this.#read((reader) => reader.lastOutput(runId, link));
  }

  exposed(runId: string): Promise<readonly Exposed[]> {
    return this.#read((reader) => reader.exposed(runId));
  }

  tail(after: number, limit: number): Promise<readonly PositionedEvent[]> {
    return this.#read((reader) => reader.tail(after, limit));
  }

  inbox(runId: string, signals?: readonly number[]): Promise<Inbox> {
    return this.#read((reader) => reader.inbox(runId, signals));
  }

  isUnread(letterId: number): Promise<boolean> {
    return this.#read((reader) => reader.isUnread(letterId));
  }

  news(after: number, limit: number): Promise<readonly News[]> {
    return this.#read((reader) => reader.news(after, limit, this.#worker));
  }

  nextWake(now: number): Promise<number | undefined> {
    return this.#read((reader) => reader.nextWake(now, this.#worker));
  }

  owned(): Promise<readonly string[]> {
    return this.#read((reader) => reader.owned(this.#worker));
  }

  // ── ownership ─────────────────────────────────────────────────────────────────────────────────────────────────────────

  async acquire({ id, leaseMs }: Parameters<Journal['acquire']>[0]): Promise<Worker> {
    const before = this.#worker;
    const worker = await this.#add(() => acquireEntry(id, leaseMs, before, this.#reader));
    this.#worker = worker;
    this.#own.clear();
    // Whoever waits for a run that was known to be executed here has to look.
    if (before) this.#listeners.tell([{ type: 'foreign' }]);
    return worker;
  }

  renew(leaseMs: number): Promise<void> {
    return this.#add((worker) => renewEntry(worker(), leaseMs));
  }

  async release(): Promise<void> {
    const worker = this.#worker;
    if (!worker) return;
    this.#worker = undefined;
    this.#own.clear();
    await this.#add(() => releaseEntry(worker));
  }

  async expire(): Promise<boolean> {
    const others = await this.#read((reader) => reader.others(this.#worker));
    const dead = others.filter(({ isOver }) => isOver);
    const gone = [...this.#others].some((id) => !others.some((other) => other.id === id));
    this.#others = new Set(others.filter(({ isOver }) => !isOver).map(({ id }) => id));
    await Promise.all(dead.map(({ id, leaseUntil }) => this.#add(() => expireEntry(id, leaseUntil))));
    return gone || dead.length > 0;
  }

  async claim(claim: Claim): Promise<readonly RunRecord[]> {
    const worker = this.#owner();
    // Most often there is nothing: finding that out wakes nobody.
    if (!(await this.#read((reader) => reader.anyUnclaimed(claim, worker)))) return [];
    const claimed = await this.#add((owner) => claimEntry(claim, owner(), this.#reader));
    for (const run of claimed) this.#meet(run);
    return claimed;
  }

  async claimRun(runId: string, onlyOpen = false): Promise<RunRecord | undefined> {
    const worker = this.#owner();
    const run = await this.#read((reader) => reader.run(runId));
    if (run && onlyOpen && !isOpen(run.status)) return undefined;
    if (run?.worker !== undefined && run.worker !== worker.id) return undefined;
    if (run?.worker !== undefined) this.#meet(run);
    if (run?.worker !== undefined) return run;
    const claimed = run && (await this.#add((owner) => claimRunEntry(runId, owner(), this.#reader)));
    if (claimed) this.#meet(claimed);
    return claimed;
  }

  // ── changes ───────────────────────────────────────────────────────────────────────────────────────────────────────────

  subscribe(listener: Listener): () => void {
    const takeOut = this.#listeners.add(listener);
    if (!this.#closed) this.#poll.start();
    return () => {
      takeOut();
      if (this.#listeners.isEmpty) this.#poll.pause();
    };
  }

  close(): Promise<void> {
    this.#closed ??= this.#batches.drain().then(async () => {
      this.#poll.stop();
      this.#listeners.clear();
      this.#worker = undefined;
      const settled = this.#lanes.filter(({ isSettled }) => isSettled).map(({ writer }) => writer);
      await this.#connection.tryOnce(deleteMarks(settled));
      await this.#connection.close();
    });
    return this.#closed;
  }

  #announce(changes: readonly Change[]): void {
    this.#poll.hurry();
    for (const change of changes) {
      if (change.type === 'run') this.#own.wrote(change.run, this.#worker?.id);
      // Also after an answer that was lost.
      if (change.type === 'foreign') this.#own.clear();
    }
    this.#listeners.tell(changes);
  }

  #meet(run: RunRecord): void {
    this.#own.met(run, this.#worker?.id);
  }

  // ── plumbing ──────────────────────────────────────────────────────────────────────────────────────────────────────────

  #owner(): Worker {
    if (this.#worker) return this.#worker;
    throw new JournalError('JOURNAL_FENCED', 'only a worker may append to runs');
  }

  /** What is wrong with the arguments rejects. An entry that asks for the worker is written under the proof of it. */
  async #add<T>(make: (worker: () => Worker) => Entry<T>): Promise<T> {
    if (this.#closed) throw closed();
    let owner: Worker | undefined;
    const entry = make(() => (owner = this.#owner()));
    return this.#batches.add(entry, owner);
  }

  async #read<T>(read: (reader: RemoteReader) => Promise<T>): Promise<T> {
    if (this.#closed) throw closed();
    return read(this.#reader);
  }
}

const closed = (): JournalError => new JournalError('JOURNAL_CLOSED', 'this database is closed: open it again');
