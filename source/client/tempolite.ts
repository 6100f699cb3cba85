import type { Observable } from 'rxjs';
import { EngineError } from '../errors.js';
import { Onlooker, type Executor } from '../engine/executor.js';
import { settle, type Settings, type WorkerOptions } from '../engine/options.js';
import { Registry } from '../engine/registry.js';
import { Signals } from '../engine/signals.js';
import { Worker } from '../engine/worker.js';
import type { PositionedEvent } from '../journal/event.js';
import type { Journal } from '../journal/journal.js';
import { listRuns } from '../journal/list-runs.js';
import { openJournal, type JournalOptions } from '../journal/libsql/open-journal.js';
import { openPool, type PoolOptions } from '../journal/libsql/pool/open-pool.js';
import type { RunFilter, RunRecord } from '../journal/run-record.js';
import { allEvents } from '../observe/run-events.js';
import { watchRuns } from '../observe/run-list.js';
import type { AnyWorkflow, WorkflowDefinition } from '../run/workflow.js';
import { defaultCodec, limited } from '../values/codec.js';
import { checkDatabase, type CheckOptions, type Finding } from './check.js';
import { prune, unsupported, type PruneOptions, type PruneProgress } from './prune.js';
import { exportedRun, importRuns, type ExportOptions } from './run-archive.js';
import { Run, type HandleHost } from './run-handle.js';
import { RunHistories } from './run-history.js';
import { RunRequests } from './run-requests.js';
import { RunResults } from './run-results.js';
import { Starts, type StartOptions } from './starts.js';

/** What an engine is, whatever its database. */
export interface EngineOptions extends WorkerOptions {
  /**
   * The workflows that this process executes, each in one or more versions. Runs of others wait for a worker that knows them. Default: none.
   */
  readonly workflows?: readonly AnyWorkflow[];
  /** `false`: this process only starts, asks and watches; the workers of others execute what it stores. Default: `true`. */
  readonly worker?: boolean;
}

export interface TempoliteOptions extends JournalOptions, EngineOptions {}

/** Files that are rotated, or shards. */
export type TempolitePoolOptions = PoolOptions & EngineOptions;

/** A database with its worker: starts runs, executes them, and shows what they do. */
export class Tempolite {
  readonly #journal: Journal;
  readonly #worker: Worker | undefined;
  readonly #executor: Executor;
  readonly #settings: Settings;
  readonly #starts: Starts;
  readonly #handles: HandleHost;
  /** @internal */
  readonly signals: Signals;
  #closing: Promise<void> | undefined;

  private constructor(journal: Journal, options: EngineOptions, registry: Registry, settings: Settings) {
    this.#journal = journal;
    this.#settings = settings;
    this.#worker = options.worker === false ? undefined : new Worker(journal, registry, settings);
    this.#executor = this.#worker ?? new Onlooker();
    this.#starts = new Starts(journal, registry, this.#executor, settings);
    this.signals = new Signals(journal, this.#worker);
    this.#handles = {
      journal,
      results: new RunResults(journal),
      signals: this.signals,
      requests: new RunRequests(journal, this.signals, settings.clock),
      histories: new RunHistories(journal, registry, this.#executor, settings, this.#starts),
      clock: this.#settings.clock,
      maxPayloadBytes: this.#settings.maxPayloadBytes,
    };
  }

  /**
   * Opens a database (`file:orders.db`; in memory when no url is given), brings its schema up to date, and goes on with every
   * run that is not at its end and no other worker's. Errors: `JOURNAL_*`, `UNSUPPORTED_URL`, `INVALID_ARGUMENT`.
   */
  static async open(options: TempoliteOptions): Promise<Tempolite> {
    // Bad options are refused before a file is touched.
    const settings = settle(options);
    const registry = new Registry(options.workflows ?? []);
    return Tempolite.#over(await openJournal(options), options, registry, settings);
  }

  /**
   * Opens many databases as one. With `folder` and `name` new runs go to a fresh file when the newest one is full, and runs in flight finish where they are; with
   * `shards` new runs are spread over several databases. Any id is found; children stay in the file of their root. SQL of your own (`transaction`,
   * `start(…, { with })`) is refused: `NOT_ON_A_POOL`. Other errors: `JOURNAL_*`, `UNSUPPORTED_URL`, `INVALID_ARGUMENT`.
   */
  static async openPool(options: TempolitePoolOptions): Promise<Tempolite> {
    const settings = settle(options);
    const registry = new Registry(options.workflows ?? []);
    return Tempolite.#over(await openPool(options), options, registry, settings);
  }

  /** The same over a journal that is already open. The engine closes it. @internal */
  static over(journal: Journal, options: EngineOptions): Promise<Tempolite> {
    return Tempolite.#over(journal, options, new Registry(options.workflows ?? []), settle(options));
  }

  static async #over(
    journal: Journal,
    options: EngineOptions,
    registry: Registry,
    settings: Settings,
  ): Promise<Tempolite> {
    const tempolite = new Tempolite(journal, options, registry, settings);
    try {
      await tempolite.#executor.open();
    } catch (error) {
      tempolite.#executor.crash();
      tempolite.#handles.results.close();
      tempolite.#handles.requests.close();
      await journal.close();
      throw error;
    }
    return tempolite;
  }

  /**
   * Starts a run; answers when it is stored. It is executed by a worker that knows its workflow: here, if there is room. Errors: `WORKFLOW_NOT_REGISTERED`,
   * `RUN_EXISTS`, `INVALID_ARGUMENT`, `TRANSACTION_FAILED`, what the codec refuses; nothing is written then.
   */
  async start<I, O>(workflow: WorkflowDefinition<I, O>, input: I, options: StartOptions = {}): Promise<Run<O>> {
    this.#checkOpen();
    const encoded = limited(workflow.input, this.#settings.maxPayloadBytes).encode(input);
    const id = await this.#starts.start(workflow, encoded, options);
    return new Run(id, workflow.output, this.#handles);
  }

  /** A handle for a run that was started before, here or in another life of this process. It need not exist yet. */
  run(id: string): Run;
  run<I, O>(id: string, workflow: WorkflowDefinition<I, O>): Run<O>;
  run<I, O>(id: string, workflow?: WorkflowDefinition<I, O>): Run<O> | Run {
    return workflow ? new Run(id, workflow.output, this.#handles) : new Run(id, defaultCodec, this.#handles);
  }

  /** The runs that fit, oldest first. */
  list(filter: RunFilter & { readonly limit?: number } = {}): Promise<readonly RunRecord[]> {
    const { limit, ...rest } = filter;
    return listRuns(this.#journal, rest, limit);
  }

  /** The runs that fit: the stored ones, then each again whenever its record changes. It never completes. */
  runs$(filter: RunFilter = {}): Observable<RunRecord> {
    return watchRuns(this.#journal, filter);
  }

  /**
   * Every event of the database after a position (default: from the first), stored ones first, in the order of commits. A pool has an order of commits for
   * each of its files (`strandOf`): give the last position of each; files of which none is given are read from their beginning.
   */
  events$(options: { readonly after?: number | readonly number[] } = {}): Observable<PositionedEvent> {
    return allEvents(this.#journal, options.after);
  }

  /**
   * Takes ended runs out of the database, in short transactions between those of others. A run goes with its descendants, when all of them
   * have ended; a child of an open run stays, unless that is in a later link by now. Also big payloads that nobody refers to any more.
   * Errors: `INVALID_ARGUMENT`, `UNSUPPORTED`, `JOURNAL_*`.
   */
  prune(options: PruneOptions = {}): Promise<PruneProgress> {
    return prune(this.#journal, this.#settings.clock.now(), options);
  }

  /**
   * Writes a copy of the database, as of one instant, to a file that must not exist; runs go on in the meantime. Only its owner can read it
   * (0600). Opened, its runs go on as those of the original do: open one of the two. Errors: `INVALID_ARGUMENT`, `UNSUPPORTED`,
   * `JOURNAL_*`; there is no file then.
   */
  async backup(path: string): Promise<void> {
    if (!this.#journal.file) throw unsupported('a backup');
    await this.#journal.file.backup(path);
  }

  /** Reads all of the database and answers with what is wrong, nothing if all is well: the file, if it is one, and each run's journal. */
  check(options: CheckOptions = {}): Promise<readonly Finding[]> {
    return checkDatabase(this.#journal, options);
  }

  /**
   * All that is stored of a run, as of one instant, as lines of JSON; with its descendants if you ask for them. Payloads stand in the clear.
   * Error: `RUN_NOT_FOUND`.
   */
  exportRun(runId: string, options: ExportOptions = {}): AsyncIterable<string> {
    return exportedRun(this.#journal, runId, options);
  }

  /**
   * Brings exported runs in, all of them or none, in pieces of any size; answers with their ids. They go on here: see to it that they do not
   * where they come from. Errors: `DECODE_FAILED` for what no export has written, or a later release; `RUN_EXISTS`.
   */
  async importRun(lines: AsyncIterable<string> | Iterable<string>): Promise<readonly string[]> {
    this.#checkOpen();
    return importRuns(this.#journal, lines, {
      now: () => this.#settings.clock.now(),
      expect: (runId, at) => {
        this.#executor.expect(runId, at);
      },
      attend: (runId) => {
        void this.#worker?.attend(runId);
      },
    });
  }

  /**
   * Lets activities in flight end (for `closeTimeoutMs`; then their `AbortSignal` fires), writes what they gave, and closes the
   * database. Nothing is lost: whatever is not at its end goes on when it is opened again.
   */
  close(options: { readonly timeoutMs?: number } = {}): Promise<void> {
    this.#closing ??= this.#close(options.timeoutMs ?? this.#settings.closeTimeoutMs);
    return this.#closing;
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close();
  }

  /** The worker, for tests of the engine itself. @internal */
  get worker(): Worker {
    if (!this.#worker) throw new EngineError('INVALID_ARGUMENT', 'this engine was opened with worker: false');
    return this.#worker;
  }

  async #close(timeoutMs: number): Promise<void> {
    await this.#executor.close(timeoutMs);
    this.#handles.results.close();
    this.#handles.requests.close();
    await this.#journal.close();
  }

  #checkOpen(): void {
    if (this.#closing)
      throw new EngineError('ENGINE_CLOSED', 'this engine is closed: open another one on the same url');
  }
}
