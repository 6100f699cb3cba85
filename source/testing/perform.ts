import { Tempolite } from '../client/tempolite.js';
import type { WorkerOptions } from '../engine/options.js';
import { EngineError, JournalError } from '../errors.js';
import { readHistory, type RunHistory } from '../journal/history.js';
import type { RunEvent } from '../journal/event.js';
import type { Journal } from '../journal/journal.js';
import { openJournal } from '../journal/libsql/open-journal.js';
import { isTerminal } from '../journal/status.js';
import type { WorkflowDefinition } from '../run/workflow.js';
import { duration } from '../values/duration.js';
import { checkHistory } from './check-history.js';
import { mortalJournal, type Fault, type MortalJournal } from './mortal-journal.js';
import { OutsideWorld, type Effect } from './outside-world.js';
import { timelineOf, type Scene, type SceneAction, type SceneRun } from './scene.js';
import { TestClock } from './test-clock.js';

export interface PerformOptions {
  /** What goes wrong in the first life of the process, in the second, and so on; later ones live. */
  readonly lives?: readonly (readonly Fault[])[];
  readonly worker?: WorkerOptions;
  readonly reorder?: (events: readonly RunEvent[]) => readonly RunEvent[];
  /** Called whenever everything that could happen without time passing has happened. */
  readonly onSettled?: (now: number, journal: Journal) => Promise<void>;
  /** Called with what is stored when a process has died. */
  readonly onDeath?: (journal: Journal) => Promise<void>;
}

/** What came of a scene. */
export interface Performance {
  /** The instant of the beginning. */
  readonly start: number;
  readonly histories: readonly RunHistory[];
  readonly effects: readonly Effect[];
  readonly deaths: number;
  /** Of the first life: the number of events of each append. */
  readonly appends: readonly number[];
  /** Laws that were broken: faults of journals, executions that must not have happened. */
  readonly violations: readonly string[];
}

/** Steps of virtual time of one scene: beyond it something spins. */
const mostSteps = 100_000;

/**
 * Plays a scene to its end, in memory and in virtual time, with whatever is to go wrong. It is exact: the same scene and options come
 * to the same performance. A run that waits says so in the journal at once, so that real time plays no part.
 */
export const perform = (scene: Scene, options: PerformOptions = {}): Promise<Performance> =>
  new Stage(scene, options).play();

class Stage {
  readonly #scene: Scene;
  readonly #options: PerformOptions;
  readonly #clock: TestClock;
  readonly #start: number;
  readonly #timeline: { readonly at: number; readonly action: SceneAction }[];
  readonly #lives: (readonly Fault[])[];
  readonly #asked: SceneRun[] = [];
  readonly #appends: number[] = [];
  #up = true;
  #deaths = 0;
  #dying: Promise<void> | undefined;
  #failure: { readonly error: unknown } | undefined;
  #first = true;
  #process: { readonly tempolite: Tempolite; readonly mortal: MortalJournal } | undefined;

  constructor(scene: Scene, options: PerformOptions) {
    this.#scene = scene;
    this.#options = options;
    this.#clock = new TestClock(scene.world.start);
    this.#start = this.#clock.now();
    this.#timeline = timelineOf(scene, this.#start);
    this.#lives = [...(options.lives ?? [])];
  }

  async play(): Promise<Performance> {
    const database = await openJournal();
    const outside = new OutsideWorld(this.#clock, this.#scene.world.activities ?? {}, database);
    try {
      for (let step = 0; await this.#step(database, outside); step += 1) {
        if (step < mostSteps) continue;
        throw new EngineError(
          'INVALID_ARGUMENT',
          `the scene does not end: ${mostSteps} steps. Give its world an \`until\``,
        );
      }
      return await this.#result(database, outside);
    } finally {
      this.#kill(outside, database);
      await this.#dying;
      await database.close();
    }
  }

  /** Answers whether it goes on. */
  async #step(database: Journal, outside: OutsideWorld): Promise<boolean> {
    await this.#clock.settle();
    if (this.#failure) throw this.#failure.error;
    if (this.#up && !this.#process) {
      await this.#open(database, outside);
      return true;
    }
    await this.#options.onSettled?.(this.#clock.now(), database);
    const next = this.#timeline[0];
    if (next && next.at <= this.#clock.now()) {
      this.#timeline.shift();
      await this.#act(next.action, database, outside);
      return true;
    }
    if (!this.#timeline.some(({ action }) => action.type === 'start') && (await this.#isOver(database))) return false;
    const instant = Math.min(this.#clock.next ?? Infinity, next?.at ?? Infinity);
    const { until } = this.#scene.world;
    const end = until === undefined ? Infinity : timelineEnd(this.#start, until);
    if (instant === Infinity || instant > end) return false;
    await this.#clock.advanceTo(instant);
    return true;
  }

  async #act(action: SceneAction, database: Journal, outside: OutsideWorld): Promise<void> {
    switch (action.type) {
      case 'start':
        this.#asked.push(action.run);
        this.#startRun(action.run);
        return;
      case 'signal': {
        const { name, payload } = action.signal;
        await database.signal({ runId: action.runId, name, payload, at: this.#clock.now() }).catch(ignoreEnded);
        return;
      }
      case 'jump':
        this.#clock.set(this.#clock.now() + action.by);
        return;
      case 'down':
        this.#up = false;
        this.#kill(outside, database);
        await this.#dying;
        return;
      case 'up':
        this.#up = true;
    }
  }

  /** Whoever starts a run does so again, under the same id, when there was no answer. */
  #startRun({ id, workflow, input }: SceneRun): void {
    const definition = workflow as WorkflowDefinition<unknown, unknown>;
    const asker = this.#process;
    asker?.tempolite.start(definition, input, { id }).catch((error: unknown) => {
      if (!(error instanceof JournalError)) this.#failure ??= { error };
      else if (asker === this.#process) this.#startRun({ id, workflow, input });
    });
  }

  async #open(database: Journal, outside: OutsideWorld): Promise<void> {
    await this.#dying;
    this.#dying = undefined;
    const isFirst = this.#first;
    this.#first = false;
    const { reorder } = this.#options;
    const life = { died: false };
    const mortal = mortalJournal(database, {
      faults: this.#lives.shift() ?? [],
      onAppend: (events) => {
        if (isFirst) this.#appends.push(events);
      },
      onDeath: () => {
        this.#deaths += 1;
        life.died = true;
        this.#kill(outside, database);
      },
      ...(reorder ? { reorder } : {}),
    });
    const workflows = new Set(this.#scene.runs.map(({ workflow }) => workflow));
    const opening = Tempolite.over(mortal.journal, {
      workflows: [...workflows],
      clock: this.#clock,
      random: () => 0.5,
      parkAfterMs: 0,
      evictAfterMs: neverMs,
      commitRetryMs: 0,
      ...this.#options.worker,
      interceptActivity: outside.newLife(),
    });
    try {
      const tempolite = await opening;
      this.#process = { tempolite, mortal };
    } catch (error) {
      // It may die before it is wholly there.
      if (life.died) return;
      throw error;
    }
    if (life.died) this.#kill(outside, database);
    else for (const run of this.#asked) if (!(await database.run(run.id))) this.#startRun(run);
  }

  #kill(outside: OutsideWorld, database: Journal): void {
    const dying = this.#process;
    this.#process = undefined;
    outside.endLife();
    dying?.mortal.kill();
    dying?.tempolite.worker.crash();
    const before = this.#dying;
    this.#dying = (async () => {
      await before;
      await this.#options.onDeath?.(database);
      await database.release();
    })();
  }

  async #isOver(database: Journal): Promise<boolean> {
    for (const { id } of this.#scene.runs) {
      const record = await database.run(id);
      if (!record || !(isTerminal(record.status) || record.status === 'blocked')) return false;
    }
    return true;
  }

  async #result(database: Journal, outside: OutsideWorld): Promise<Performance> {
    const histories: RunHistory[] = [];
    for (const { id } of this.#scene.runs) {
      const record = await database.run(id);
      if (record) histories.push(await readHistory(database, record));
    }
    return {
      start: this.#start,
      histories,
      effects: outside.effects,
      deaths: this.#deaths,
      appends: this.#appends,
      violations: [...outside.violations, ...histories.flatMap(checkHistory)],
    };
  }
}

/** Real time that no test takes. */
const neverMs = 2 ** 31 - 1;

const timelineEnd = (start: number, until: NonNullable<Scene['world']['until']>): number =>
  start + duration(until, 'until');

const ignoreEnded = (error: unknown): void => {
  if (!(error instanceof EngineError) || error.code !== 'RUN_ENDED') throw error;
};
