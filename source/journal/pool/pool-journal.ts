import { EngineError, JournalError } from '../../errors.js';
import type { EventType, PositionedEvent, RunEvent } from '../event.js';
import type { Exposed } from '../exposed.js';
import type {
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
import type { Listener } from '../listeners.js';
import type { NewRun, RunFilter, RunRecord } from '../run-record.js';
import type { Statement } from '../statement.js';
import type { RunStatus } from '../status.js';
import { strandOf } from '../strands.js';
import type { Members } from './members.js';
import type { WorkerClaim } from './opened.js';
import type { PoolWorker } from './pool-worker.js';
import { PoolCare } from './pool-care.js';
import { noSqlOnAPool, withoutSql } from './refused-sql.js';
import type { Routes } from './routes.js';
import { pageOfRuns } from './run-pages.js';
import { StartsUnderWay } from './starts-under-way.js';

/** What a pool consists of. */
export interface PoolParts {
  readonly members: Members;
  readonly routes: Routes;
  readonly worker: PoolWorker;
  /** Calls back with the changes of all members. */
  readonly subscribe: (listener: Listener) => () => void;
  readonly close: () => Promise<void>;
}

/** Many databases as one journal: what is asked about a run is asked of the file that it is in. */
export class PoolJournal implements Journal {
  readonly #parts: PoolParts;
  readonly #members: Members;
  readonly #routes: Routes;
  readonly #worker: PoolWorker;
  /** What was asked for and has not been answered. */
  readonly #open = new Set<Promise<unknown>>();
  readonly #starts = new StartsUnderWay();
  readonly care = new PoolCare((runId, none, ask) => this.#readOf(runId, none, ask));
  #closed: Promise<void> | undefined;

  constructor(parts: PoolParts) {
    this.#parts = parts;
    this.#members = parts.members;
    this.#routes = parts.routes;
    this.#worker = parts.worker;
  }

  start(run: NewRun, statements: readonly Statement[] = []): Promise<Started> {
    if (statements.length > 0) return Promise.reject(noSqlOnAPool());
    return this.#track(() => this.#starts.begin(run.id, () => this.#start(run)));
  }

  commit(commit: RunCommit): Promise<readonly RunEvent[]> {
    const { runId, children = [], transactions } = commit;
    const settled = transactions ? withoutSql(commit) : commit;
    if (children.length === 0) return this.#writeTo(runId, (journal) => journal.commit(settled));
    return this.#track(async () => {
      const file = await this.#find(runId);
      if (file === undefined) throw notFound(runId);
      const ids = children.map(({ id }) => id);
      const files = await this.#routes.placeIn(ids, file);
      // One whose id is another run's, elsewhere, is left as it is, as it would be here.
      const own = children.filter((_, index) => files[index] === file);
      return this.#write(file, runId, (journal) => journal.commit({ ...settled, children: own }));
    });
  }

  signal(signal: NewSignal, reply?: Reply): Promise<Signalled> {
    return this.#writeTo(signal.runId, (journal) => journal.signal(signal, reply));
  }

  request(
    request: NewRequest,
    statuses: readonly RunStatus[],
    behind?: readonly RunStatus[],
  ): Promise<{ readonly id: number | undefined; readonly run: RunRecord }> {
    return this.#writeTo(request.runId, (journal) => journal.request(request, statuses, behind));
  }

  /** The copy stays in the file of what it is copied from. */
  fork(fork: Fork): Promise<Started> {
    return this.#track(async () => {
      const file = await this.#find(fork.from);
      if (file === undefined) throw notFound(fork.from);
      const { id } = fork.run;
      const [placed] = await this.#routes.placeIn([id], file);
      if (placed === file) return this.#write(file, id, (journal) => journal.fork(fork));
      const run = await this.run(id);
      if (run) return { created: false, run };
      throw new EngineError(
        'RUN_EXISTS',
        `the id "${id}" is kept for a run whose start was interrupted, in another file. Nothing was changed: use another id`,
      );
    });
  }

  run(id: string): Promise<RunRecord | undefined> {
    return this.#readOf(id, undefined, (journal) => journal.run(id));
  }

  /** File by file, in the order of their numbers: that in which runs were started, where files are rotated. */
  runs(filter: RunFilter, page: RunPage): Promise<readonly RunRecord[]> {
    return this.#track(() => pageOfRuns(this.#members, this.#routes, filter, page));
  }

  events(runId: string, link: number, from: number, limit: number): Promise<readonly RunEvent[]> {
    return this.#readOf(runId, [], (journal) => journal.events(runId, link, from, limit));
  }

  last(runId: string, link: number, type?: EventType): Promise<RunEvent | undefined> {
    return this.#readOf(runId, undefined, (journal) => journal.last(runId, link, type));
  }

  ofType(runId: string, link: number, type: EventType): Promise<readonly RunEvent[]> {
    return this.#readOf(runId, [], (journal) => journal.ofType(runId, link, type));
  }

  lastOutput(runId: string, link: number): Promise<RunEvent | undefined> {
    return this.#readOf(runId, undefined, (journal) => journal.lastOutput(runId, link));
  }

  exposed(runId: string): Promise<readonly Exposed[]> {
    return this.#readOf(runId, [], (journal) => journal.exposed(runId));
  }

  strands(which: 'all' | 'busy'): Promise<readonly number[]> {
    return this.#track(async () => {
      await this.#members.upToDate();
      const { files } = this.#members;
      const wanted = which === 'all' ? files : files.filter(({ number }) => this.#members.isBusy(number));
      return wanted.map(({ number }) => number);
    });
  }

  tail(after: number, limit: number): Promise<readonly PositionedEvent[]> {
    const file = this.#members.file(strandOf(after));
    // Nothing is behind the end of a finished file: it need not be opened.
    const isOver = file?.state === 'finished' && after >= (file.last ?? Infinity);
    return this.#readIn(isOver ? undefined : file?.number, [], (journal) => journal.tail(after, limit));
  }

  inbox(runId: string, signals?: readonly number[]): Promise<Inbox> {
    return this.#readOf(runId, { signals: [], letters: [] }, (journal) => journal.inbox(runId, signals));
  }

  isUnread(letterId: number): Promise<boolean> {
    return this.#readIn(strandOf(letterId), false, (journal) => journal.isUnread(letterId));
  }

  news(after: number, limit: number): Promise<readonly News[]> {
    const strand = strandOf(after);
    const file = this.#members.isBusy(strand) ? strand : undefined;
    return this.#readIn(file, [], (journal) => journal.news(after, limit));
  }

  nextWake(now: number): Promise<number | undefined> {
    return this.#track(() => this.#worker.nextWake(now));
  }

  owned(): Promise<readonly string[]> {
    return this.#track(() => this.#worker.owned());
  }

  acquire(worker: WorkerClaim): Promise<Worker> {
    return this.#track(() => this.#worker.acquire(worker));
  }

  renew(leaseMs: number): Promise<void> {
    return this.#track(() => this.#worker.renew(leaseMs));
  }

  release(): Promise<void> {
    return this.#track(() => this.#worker.release());
  }

  expire(): Promise<boolean> {
    return this.#track(() => this.#worker.expire());
  }

  claim(claim: Claim): Promise<readonly RunRecord[]> {
    return this.#track(() => this.#worker.claim(claim));
  }

  claimRun(runId: string, onlyOpen?: boolean): Promise<RunRecord | undefined> {
    return this.#track(async () => {
      const file = await this.#find(runId);
      return file === undefined ? undefined : this.#write(file, runId, (journal) => journal.claimRun(runId, onlyOpen));
    });
  }

  subscribe(listener: Listener): () => void {
    return this.#parts.subscribe(listener);
  }

  close(): Promise<void> {
    this.#closed ??= Promise.allSettled([...this.#open]).then(() => this.#parts.close());
    return this.#closed;
  }

  // ── plumbing ──────────────────────────────────────────────────────────────────────────────────────────────────────────

  #readOf<T>(runId: string, nothing: T, read: (journal: Journal) => Promise<T>): Promise<T> {
    const known = this.#known(runId);
    if (known !== undefined) return this.#readIn(known, nothing, read);
    return this.#track(async () => this.#readIn(await this.#find(runId), nothing, read));
  }

  async #start(run: NewRun): Promise<Started> {
    const file = await this.#routes.place(run.id);
    if (file !== undefined && !this.#members.isBusy(file)) {
      // One that is there already is no reason to bring a finished file back.
      const before = await this.#members.use(file, ({ journal }) => journal.run(run.id));
      if (before) return { created: false, run: before };
    }
    return this.#write(file, run.id, (journal) => journal.start(run));
  }

  async #find(id: string): Promise<number | undefined> {
    await this.#starts.settled(id);
    return this.#routes.find(id);
  }

  #known(id: string): number | undefined {
    return this.#starts.has(id) ? undefined : this.#routes.known(id);
  }

  #readIn<T>(file: number | undefined, nothing: T, read: (journal: Journal) => Promise<T>): Promise<T> {
    return this.#track(() =>
      file === undefined ? Promise.resolve(nothing) : this.#members.use(file, ({ journal }) => read(journal)),
    );
  }

  /** Writes in the order of calls share transactions: what is known to be ready is passed on at once. */
  #writeTo<T>(runId: string, write: (journal: Journal) => Promise<T>): Promise<T> {
    return this.#track(() => {
      const known = this.#known(runId);
      if (known !== undefined) return this.#write(known, runId, write);
      return this.#find(runId).then((file) => this.#write(file, runId, write));
    });
  }

  #write<T>(file: number | undefined, runId: string, write: (journal: Journal) => Promise<T>): Promise<T> {
    if (file === undefined) return Promise.reject(notFound(runId));
    return this.#members.write(file, ({ journal }) => write(journal));
  }

  #track<T>(work: () => Promise<T>): Promise<T> {
    if (this.#closed) {
      return Promise.reject(new JournalError('JOURNAL_CLOSED', 'this pool is closed: open it again'));
    }
    const working = work();
    this.#open.add(working);
    const done = (): void => {
      this.#open.delete(working);
    };
    working.then(done, done);
    return working;
  }
}

const notFound = (runId: string): EngineError =>
  new EngineError('RUN_NOT_FOUND', `there is no run "${runId}" in this pool: start it first, or check the id`);
