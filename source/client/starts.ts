import { EngineError } from '../errors.js';
import type { Settings } from '../engine/options.js';
import type { Registry } from '../engine/registry.js';
import { Onlooker, type Executor } from '../engine/executor.js';
import type { Journal } from '../journal/journal.js';
import type { RunRecord } from '../journal/run-record.js';
import { checkStatement, type Statement } from '../journal/statement.js';
import type { WorkflowDefinition } from '../run/workflow.js';
import { digest } from '../values/digest.js';
import { newId } from '../values/ids.js';
import { isPlainText, plainText } from '../values/text.js';

export interface StartOptions {
  /** 1 to 200 characters. The same id again gives the same run, or `RUN_EXISTS` with another workflow or input. Default: a new UUIDv7. */
  readonly id?: string;
  /** Higher first. Default: 0. */
  readonly priority?: number;
  /** For `list` and `runs$`. */
  readonly tags?: Readonly<Record<string, string>>;
  /** Not before this instant. Default: now. */
  readonly startAt?: Date | number;
  /**
   * SQL on your own tables, run in the very transaction that stores the run: both or neither. Not run again when the run is there
   * already. Error: `TRANSACTION_FAILED`; there is no run then.
   */
  readonly with?: Statement | readonly Statement[];
}

/** Where runs come from. */
export class Starts {
  readonly #journal: Journal;
  readonly #registry: Registry;
  readonly #executor: Executor;
  readonly #settings: Settings;

  constructor(journal: Journal, registry: Registry, executor: Executor, settings: Settings) {
    this.#journal = journal;
    this.#registry = registry;
    this.#executor = executor;
    this.#settings = settings;
  }

  /** Stores a run with an encoded input; answers with its id. It is executed here, now or as soon as there is room. */
  async start(
    { name: workflow, version: atHand }: Pick<WorkflowDefinition<never, never>, 'name' | 'version'>,
    input: string,
    options: StartOptions,
  ): Promise<string> {
    const { id = newId(), priority = 0, tags = {} } = options;
    // Who executes nothing need not register what others do.
    const version =
      this.#executor instanceof Onlooker
        ? (this.#registry.newestVersion(workflow) ?? atHand)
        : this.#registry.newest(workflow).version;
    const now = Math.floor(this.#settings.clock.now());
    const startAt = Number(options.startAt ?? now);
    checkStart(id, priority, startAt, tags);
    const statements = options.with === undefined ? undefined : [options.with].flat();
    for (const statement of statements ?? []) checkStatement(statement);
    const giveBack = startAt <= now ? this.#executor.reserve() : undefined;
    const status = giveBack ? 'running' : 'pending';
    try {
      const inputDigest = digest(input);
      const wake = startAt > now ? { wakeAt: startAt } : {};
      const newRun = {
        id,
        workflow,
        version,
        status,
        priority,
        tags,
        inputDigest,
        createdAt: now,
        input,
        ...wake,
      } as const;
      const { created, run } = await this.#journal.start(newRun, statements);
      if (created && status === 'running') {
        this.#executor.adopt(run, { type: 'started', seq: 0, batch: 0, epoch: 0, at: now, payload: input });
      } else if (created) this.#executor.expect(run.id, startAt, run);
      else if (run.workflow !== workflow || run.inputDigest !== inputDigest) throw taken(run, workflow);
      // Its first start may have been stored although its answer was lost.
      else if (run.status === 'running' || run.status === 'pending') this.#executor.expect(run.id, run.wakeAt ?? now);
    } finally {
      giveBack?.();
    }
    return id;
  }
}

const taken = (run: RunRecord, workflow: string): EngineError =>
  new EngineError(
    'RUN_EXISTS',
    run.workflow === workflow
      ? `run "${run.id}" was started with another input. Nothing was changed: use another id, or the same input`
      : `run "${run.id}" is a run of "${run.workflow}", not of "${workflow}". Nothing was changed: use another id`,
  );

export const checkStart = (id: string, priority: number, startAt: number, tags: object): void => {
  const fault = (what: string): EngineError => new EngineError('INVALID_ARGUMENT', what);
  if (!isPlainText(id)) throw fault(`the id of a run is ${plainText}, not ${JSON.stringify(id)}`);
  if (!Number.isSafeInteger(priority)) throw fault(`priority is a whole number, not ${priority}`);
  if (!Number.isFinite(startAt)) throw fault('startAt is a valid Date or ms since 1970');
  for (const [name, value] of Object.entries(tags)) {
    if (!isPlainText(name)) throw fault(`the name of a tag is ${plainText}, not ${JSON.stringify(name)}`);
    if (!isPlainText(value)) throw fault(`tag "${name}" is ${plainText}, not ${JSON.stringify(value)}`);
  }
};
