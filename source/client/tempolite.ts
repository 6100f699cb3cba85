import type { Observable } from 'rxjs';
import { EngineError } from '../errors.js';
import { settle, type Settings, type WorkerOptions } from '../engine/options.js';
import { Registry } from '../engine/registry.js';
import { Worker } from '../engine/worker.js';
import type { PositionedEvent } from '../journal/event.js';
import type { Journal } from '../journal/journal.js';
import { openJournal, type JournalOptions } from '../journal/libsql/open-journal.js';
import type { RunFilter, RunRecord } from '../journal/run-record.js';
import { allEvents } from '../observe/run-events.js';
import { listRuns, watchRuns } from '../observe/run-list.js';
import type { AnyWorkflow, WorkflowDefinition } from '../run/workflow.js';
import { defaultCodec, limited } from '../values/codec.js';
import { digest } from '../values/digest.js';
import { newId } from '../values/ids.js';
import { isPlainText, plainText } from '../values/text.js';
import { Run, type HandleHost } from './run-handle.js';
import { RunResults } from './run-results.js';

export interface TempoliteOptions extends JournalOptions, WorkerOptions {
  /** The workflows that this process executes, each in one or more versions. */
  readonly workflows: readonly AnyWorkflow[];
}

export interface StartOptions {
  /** 1 to 200 characters. The same id again gives the same run, or `RUN_EXISTS` with another workflow or input. Default: a new UUIDv7. */
  readonly id?: string;
  /** Higher first. Default: 0. */
  readonly priority?: number;
  /** For `list` and `runs$`. */
  readonly tags?: Readonly<Record<string, string>>;
  /** Not before this instant. Default: now. */
  readonly startAt?: Date | number;
}

/** A database with its worker: starts runs, executes them, and shows what they do. */
export class Tempolite {
  readonly #journal: Journal;
  readonly #registry: Registry;
  readonly #worker: Worker;
  readonly #settings: Settings;
  readonly #handles: HandleHost & { readonly results: RunResults };
  #closing: Promise<void> | undefined;

  private constructor(journal: Journal, registry: Registry, settings: Settings) {
    this.#journal = journal;
    this.#settings = settings;
    this.#registry = registry;
    this.#worker = new Worker(journal, this.#registry, this.#settings);
    this.#handles = {
      journal,
      results: new RunResults(journal),
      clock: this.#settings.clock,
      maxPayloadBytes: this.#settings.maxPayloadBytes,
    };
  }

  /**
   * Opens a database (`file:orders.db`; in memory when no url is given), brings its schema up to date, and goes on with every
   * run that is not at its end. Errors: `JOURNAL_*`, `DATABASE_IN_USE`, `UNSUPPORTED_URL`, `INVALID_ARGUMENT`.
   */
  static async open(options: TempoliteOptions): Promise<Tempolite> {
    // Bad options are refused before a file is touched.
    const settings = settle(options);
    const registry = new Registry(options.workflows);
    return Tempolite.#over(await openJournal(options), registry, settings);
  }

  /** The same over a journal that is already open. The engine closes it. @internal */
  static over(journal: Journal, options: TempoliteOptions): Promise<Tempolite> {
    return Tempolite.#over(journal, new Registry(options.workflows), settle(options));
  }

  static async #over(journal: Journal, registry: Registry, settings: Settings): Promise<Tempolite> {
    const tempolite = new Tempolite(journal, registry, settings);
    try {
      await tempolite.#worker.open();
    } catch (error) {
      tempolite.#worker.crash();
      tempolite.#handles.results.close();
      await journal.close();
      throw error;
    }
    return tempolite;
  }

  /** Starts a run; answers when it is stored. It is executed here, now or as soon as there is room. */
  async start<I, O>(workflow: WorkflowDefinition<I, O>, input: I, options: StartOptions = {}): Promise<Run<O>> {
    this.#checkOpen();
    const { id = newId(), priority = 0, tags = {} } = options;
    const { version } = this.#registry.newest(workflow.name);
    const now = Math.floor(this.#settings.clock.now());
    const startAt = Number(options.startAt ?? now);
    checkStart(id, priority, startAt, tags);
    const encoded = limited(workflow.input, this.#settings.maxPayloadBytes).encode(input);
    const giveBack = startAt <= now ? this.#worker.reserve() : undefined;
    const status = giveBack ? 'running' : 'pending';
    try {
      const { created, run } = await this.#journal.start({
        id,
        workflow: workflow.name,
        version,
        status,
        priority,
        tags,
        inputDigest: digest(encoded),
        createdAt: now,
        input: encoded,
        ...(startAt > now ? { wakeAt: startAt } : {}),
      });
      if (created && status === 'running') {
        this.#worker.adopt(run, { type: 'started', seq: 0, batch: 0, epoch: 0, at: now, payload: encoded });
      } else if (created) this.#worker.expect(run.id, startAt);
      else if (run.workflow !== workflow.name || run.inputDigest !== digest(encoded)) throw taken(run, workflow.name);
      // Its first start may have been stored although its answer was lost.
      else if (run.status === 'running' || run.status === 'pending') this.#worker.expect(run.id, run.wakeAt ?? now);
    } finally {
      giveBack?.();
    }
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

  /** Every event of the database after a position (default: from the first), stored ones first, in the order of commits. */
  events$(options: { readonly after?: number } = {}): Observable<PositionedEvent> {
    return allEvents(this.#journal, options.after);
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
    return this.#worker;
  }

  async #close(timeoutMs: number): Promise<void> {
    await this.#worker.close(timeoutMs);
    this.#handles.results.close();
    await this.#journal.close();
  }

  #checkOpen(): void {
    if (this.#closing)
      throw new EngineError('ENGINE_CLOSED', 'this engine is closed: open another one on the same url');
  }
}

const taken = (run: RunRecord, workflow: string): EngineError =>
  new EngineError(
    'RUN_EXISTS',
    run.workflow === workflow
      ? `run "${run.id}" was started with another input. Nothing was changed: use another id, or the same input`
      : `run "${run.id}" is a run of "${run.workflow}", not of "${workflow}". Nothing was changed: use another id`,
  );

const checkStart = (id: string, priority: number, startAt: number, tags: object): void => {
  const fault = (what: string): EngineError => new EngineError('INVALID_ARGUMENT', what);
  if (!isPlainText(id)) throw fault(`the id of a run is ${plainText}, not ${JSON.stringify(id)}`);
  if (!Number.isSafeInteger(priority)) throw fault(`priority is a whole number, not ${priority}`);
  if (!Number.isFinite(startAt)) throw fault('startAt is a valid Date or ms since 1970');
  for (const [name, value] of Object.entries(tags)) {
    if (!isPlainText(name)) throw fault(`the name of a tag is ${plainText}, not ${JSON.stringify(name)}`);
    if (!isPlainText(value)) throw fault(`tag "${name}" is ${plainText}, not ${JSON.stringify(value)}`);
  }
};
