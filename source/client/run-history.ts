import { isDeepStrictEqual } from 'node:util';
import { EngineError } from '../errors.js';
import { dryReplay } from '../engine/dry-replay.js';
import type { Registry } from '../engine/registry.js';
import type { Executor } from '../engine/executor.js';
import type { Settings } from '../engine/options.js';
import { isEnd } from '../journal/event.js';
import { readEvents } from '../journal/history.js';
import type { Journal } from '../journal/journal.js';
import type { RunRecord } from '../journal/run-record.js';
import { cutsOf, isCut } from '../run/rewinds.js';
import type { WorkflowDefinition } from '../run/workflow.js';
import { defaultCodec, limited } from '../values/codec.js';
import { newId } from '../values/ids.js';
import { checkStart, type StartOptions, type Starts } from './starts.js';

export interface ForkOptions extends Pick<StartOptions, 'id' | 'priority' | 'tags'> {
  /** The version of the workflow that the new run has. Default: that of the run. */
  readonly version?: number;
}

export interface RetryOptions extends StartOptions {
  /** Default: the input of the run. */
  readonly input?: unknown;
}

type Code = WorkflowDefinition<unknown, unknown>;

/** What is made of the history of a run: another run, or the proof that the code still leads there. */
export class RunHistories {
  readonly #journal: Journal;
  readonly #registry: Registry;
  readonly #executor: Executor;
  readonly #settings: Settings;
  readonly #starts: Starts;

  constructor(journal: Journal, registry: Registry, executor: Executor, settings: Settings, starts: Starts) {
    this.#journal = journal;
    this.#registry = registry;
    this.#executor = executor;
    this.#settings = settings;
    this.#starts = starts;
  }

  async record(runId: string): Promise<RunRecord> {
    const record = await this.#journal.run(runId);
    if (record) return record;
    throw new EngineError(
      'RUN_NOT_FOUND',
      `there is no run "${runId}" in this database: start it first, or check the id`,
    );
  }

  /** A new run of the newest version with the same input, or another one. */
  async retry(runId: string, options: RetryOptions): Promise<string> {
    const { workflow, version } = await this.record(runId);
    const [started] = await this.#journal.events(runId, 0, 0, 1);
    if (started?.type !== 'started')
      throw new EngineError('RUN_NOT_FOUND', `run "${runId}" has no beginning any more: give it an input`);
    const { input } = options;
    const encoded =
      'input' in options
        ? limited(this.#registry.newest(workflow).input, this.#settings.maxPayloadBytes).encode(input)
        : started.payload;
    const { input: _, ...rest } = options;
    return this.#starts.start({ name: workflow, version }, encoded, rest);
  }

  /** A new run with the history up to an event. */
  async fork(runId: string, at: number, options: ForkOptions): Promise<string> {
    const record = await this.record(runId);
    await this.checkPlace(record, at);
    const { id = newId(), priority = record.priority, tags = record.tags, version = record.version } = options;
    const now = Math.floor(this.#settings.clock.now());
    checkStart(id, priority, now, tags);
    if (!Number.isInteger(version) || version < 1) {
      throw new EngineError('INVALID_ARGUMENT', `the version of a fork is a whole number from 1 on, not ${version}`);
    }
    const { created } = await this.#journal.fork({
      from: runId,
      link: record.link,
      to: at,
      run: { id, version, priority, tags, createdAt: now },
    });
    if (!created && !(await this.#isForkOf(record, at, id)))
      throw new EngineError('RUN_EXISTS', `there is a run "${id}" already. Nothing was changed: use another id`);
    this.#executor.expect(id, now);
    return id;
  }

  /** Replays all links of a run that has completed against today's code, the last one first; rejects with how it differs. */
  async verify(record: RunRecord): Promise<void> {
    const workflow = this.#registry.find(record.workflow, record.version);
    if (!workflow) {
      throw new EngineError(
        'WORKFLOW_NOT_REGISTERED',
        `workflow "${record.workflow}" is not registered here in version ${record.version}. Add it to \`workflows\` of Tempolite.open`,
      );
    }
    let candidates: readonly Code[] = [workflow];
    // Earlier links have made choices of their own. All that counts of a completed run is in its events.
    const { versions: _, ...anyLink } = record;
    for (let link = record.link; link >= 0; link -= 1) {
      const version = await this.#versionThatFits({ ...anyLink, link }, candidates);
      // A link has the version of the next one or an earlier one, of which nothing is recorded.
      candidates = this.#registry.upTo(record.workflow, version);
    }
  }

  /** The first of them that leads where the link has led. Rejects with how the first one differs, if none does. */
  async #versionThatFits(record: RunRecord, candidates: readonly Code[]): Promise<number> {
    const events = await readEvents(this.#journal, record.id, record.link);
    let difference: Error | undefined;
    for (const workflow of candidates) {
      const { version } = workflow;
      const { error } = await dryReplay({ ...record, version }, workflow, events);
      if (!error) return version;
      difference ??= error;
    }
    throw (
      difference ?? new EngineError('WORKFLOW_NOT_REGISTERED', `workflow "${record.workflow}" is not registered here`)
    );
  }

  /** Whether the run has gone back to this place and recorded nothing since. */
  async isAt({ id, link }: RunRecord, to: number): Promise<boolean> {
    const last = await this.#journal.last(id, link);
    return last?.type === 'run-rewound' && last.index === to;
  }

  /** Whether a run is a copy of another one up to this event, and goes on from there. */
  async #isForkOf({ id, link }: RunRecord, at: number, forkId: string): Promise<boolean> {
    const [[place], [copy, forked]] = await Promise.all([
      this.#journal.events(id, link, at, 1),
      this.#journal.events(forkId, 0, at, 2),
    ]);
    const isFrom = forked?.type === 'run-forked' && forked.payload === defaultCodec.encode(id);
    // Another link of the same run has other events.
    return isFrom && isDeepStrictEqual(place, copy);
  }

  /** Errors: `INVALID_ARGUMENT` for a place in the history to which one cannot go back. */
  async checkPlace({ id, link, rewinds = [] }: RunRecord, seq: number): Promise<void> {
    const fault = (what: string): EngineError =>
      new EngineError(
        'INVALID_ARGUMENT',
        `${what}: give the seq of an event of run "${id}" that is not its end. Nothing was changed`,
      );
    if (!Number.isSafeInteger(seq) || seq < 0) throw fault(`${String(seq)} is no seq`);
    const [event] = await this.#journal.events(id, link, seq, 1);
    if (!event) throw fault(`there is no event ${seq}`);
    if (isEnd(event)) throw fault(`event ${seq} is the end`);
    if (isCut(cutsOf(rewinds), seq)) throw fault(`event ${seq} no longer counts`);
  }
}
