import type { WorkerOptions } from '../engine/options.js';
import { EngineError, JournalError } from '../errors.js';
import type { RunEvent } from '../journal/event.js';
import { readHistory, type RunHistory } from '../journal/history.js';
import type { Journal } from '../journal/journal.js';
import { openJournal } from '../journal/libsql/open-journal.js';
import type { RunRecord } from '../journal/run-record.js';
import { isTerminal } from '../journal/status.js';
import { behindOf, takenIn } from '../run/control.js';
import { duration } from '../values/duration.js';
import { checkFences, checkHistory } from '../run/check-history.js';
import { Machine } from './machine.js';
import type { Fault } from './mortal-journal.js';
import { OutsideWorld, type Effect } from './outside-world.js';
import {
  ignoreAbsent,
  ignoreNoReceiver,
  timelineOf,
  type Deed,
  type Scene,
  type SceneAction,
  type SceneRun,
  type TimedSignal,
} from './scene.js';
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
  /** Called with what is stored when it is over. */
  readonly onEnd?: (journal: Journal) => Promise<void>;
}

/** What came of a scene. */
export interface Performance {
  /** The instant of the beginning. */
  readonly start: number;
  /** Of the runs of the scene, then of their children, by id. */
  readonly histories: readonly RunHistory[];
  readonly effects: readonly Effect[];
  readonly deaths: number;
  /** Of the first life: the number of events of each append. */
  readonly appends: readonly number[];
  /** Laws that were broken: faults of journals, executions that must not have happened. */
  readonly violations: readonly string[];
}

/** Real time, at least, for which a scene waits for activities without a stand-in. */
const longestWorkMs = 10_000;

/** What a scene whose runs are over goes on for. */
const goesOn: ReadonlySet<SceneAction['type']> = new Set<SceneAction['type']>(['start', 'request', 'deed']);

/** Steps of virtual time of one scene: beyond it something spins. */
const mostSteps = 100_000;

/**
 * Plays a scene to its end, in memory and in virtual time, with whatever is to go wrong. It is exact: the same scene and options come
 * to the same performance.
 */
export const perform = async (scene: Scene, options: PerformOptions = {}): Promise<Performance> => {
  const stage = new Stage(scene, options, await openJournal(scene.database));
  try {
    return await stage.play();
  } finally {
    await stage.close();
  }
};

class Stage {
  readonly #scene: Scene;
  readonly #options: PerformOptions;
  readonly #database: Journal;
  readonly #clock: TestClock;
  readonly #outside: OutsideWorld;
  readonly #machine: Machine;
  readonly #start: number;
  readonly #timeline: { readonly at: number; readonly action: SceneAction }[];
  readonly #lives: (readonly Fault[])[];
  readonly #asked: SceneRun[] = [];
  /** What waits for the next process. */
  readonly #undone: Deed['act'][] = [];
  #isDown = false;
  #published = 0;
  #patienceMs = longestWorkMs;
  #failure: { readonly error: unknown } | undefined;

  constructor(scene: Scene, options: PerformOptions, database: Journal) {
    this.#scene = scene;
    this.#options = options;
    this.#database = database;
    this.#clock = new TestClock(scene.world.start);
    this.#start = this.#clock.now();
    this.#outside = new OutsideWorld(this.#clock, scene.world.activities ?? {}, database);
    const workflows = [...new Set([...scene.runs.map(({ workflow }) => workflow), ...(scene.world.workflows ?? [])])];
    this.#machine = new Machine(database, this.#clock, this.#outside, { ...options, workflows });
    this.#timeline = timelineOf(scene, this.#start);
    this.#lives = [...(options.lives ?? [])];
  }

  async play(): Promise<Performance> {
    for (let step = 0; await this.#step(); step += 1) {
      if (step < mostSteps) continue;
      throw new EngineError(
        'INVALID_ARGUMENT',
        `the scene does not end in ${mostSteps} steps: give its world an \`until\``,
      );
    }
    const result = await this.#result();
    await this.#options.onEnd?.(this.#database);
    return result;
  }

  close(): Promise<void> {
    return this.#machine.close();
  }

  /** Answers whether it goes on. */
  async #step(): Promise<boolean> {
    await this.#clock.settle();
    if (this.#failure) throw this.#failure.error;
    if (!this.#isDown && !this.#machine.tempolite) {
      await this.#open();
      return true;
    }
    await this.#options.onSettled?.(this.#clock.now(), this.#database);
    const undone = this.#machine.tempolite ? this.#undone.shift() : undefined;
    if (undone) {
      await this.#do(undone);
      return true;
    }
    const next = this.#timeline[0];
    if (next && next.at <= this.#clock.now()) {
      this.#timeline.shift();
      await this.#act(next.action);
      return true;
    }
    // A run that has failed may be sent back.
    const hasMore = this.#timeline.some(({ action: { type } }) => goesOn.has(type));
    if (!hasMore && (await this.#isOver())) return false;
    const instant = Math.min(this.#clock.next ?? Infinity, next?.at ?? Infinity);
    const { until } = this.#scene.world;
    const end = until === undefined ? Infinity : this.#start + duration(until, 'until');
    if (instant === Infinity && this.#machine.isWorking) return this.#waitForWork();
    if (instant === Infinity || instant > end) return false;
    await this.#clock.advanceTo(instant);
    return true;
  }

  /** Activities without a stand-in may be at work in real time. */
  async #waitForWork(): Promise<boolean> {
    this.#patienceMs -= 1;
    if (this.#patienceMs < 0) {
      throw new EngineError(
        'INVALID_ARGUMENT',
        `an activity is at work in real time and does not end: give it a stand-in (\`activities\` of the world), or a timeout`,
      );
    }
    await new Promise((resolve) => setTimeout(resolve, 1));
    return true;
  }

  async #act(action: SceneAction): Promise<void> {
    switch (action.type) {
      case 'start':
        this.#asked.push(action.run);
        this.#startRun(action.run);
        return;
      case 'signal':
        await this.#publish({ runId: action.runId, ...action.signal });
        return;
      case 'request': {
        const { runId, control } = action;
        const payload = control.type === 'rewind' ? JSON.stringify({ goTo: control.goTo }) : '{}';
        const request = { runId, name: control.type, payload, at: this.#clock.now() };
        await this.#database.request(request, takenIn[control.type], behindOf(control)).catch(ignoreAbsent);
        return;
      }
      case 'deed':
        await this.#do(action.act);
        return;
      case 'jump':
        this.#clock.set(this.#clock.now() + action.by);
        return;
      case 'down':
        this.#isDown = true;
        this.#machine.kill();
        return;
      case 'up':
        this.#isDown = false;
    }
  }

  /** By the process that is up, if there is one. Without an answer it is done again, from outside, under the same key. */
  async #publish({ runId, name, payload }: { runId: string } & TimedSignal): Promise<void> {
    this.#published += 1;
    const idempotencyKey = `of the world: ${this.#published}`;
    const signal = { runId, name, payload, at: this.#clock.now(), idempotencyKey };
    const { tempolite } = this.#machine;
    try {
      if (tempolite) await tempolite.signals.send(signal);
      else await this.#database.signal(signal);
    } catch (error) {
      if (error instanceof JournalError) await this.#database.signal(signal).catch(ignoreNoReceiver);
      else ignoreNoReceiver(error);
    }
  }

  /** Whoever does something does it again when there was no answer. */
  async #do(act: Deed['act']): Promise<void> {
    const { tempolite } = this.#machine;
    const isDone = await act({ journal: this.#database, tempolite, now: this.#clock.now() }).catch((error: unknown) => {
      if (error instanceof JournalError) return false;
      throw error;
    });
    if (!isDone) this.#undone.push(act);
  }

  async #open(): Promise<void> {
    await this.#machine.open(this.#lives.shift());
    for (const run of this.#asked) if (!(await this.#database.run(run.id))) this.#startRun(run);
  }

  /** Whoever starts a run does so again, under the same id, when there was no answer. */
  #startRun(run: SceneRun): void {
    const { tempolite } = this.#machine;
    tempolite?.start(run.workflow, run.input, { id: run.id }).catch((error: unknown) => {
      if (!(error instanceof JournalError)) this.#failure ??= { error };
      else if (tempolite === this.#machine.tempolite) this.#startRun(run);
    });
  }

  async #isOver(): Promise<boolean> {
    const records = await this.#records();
    const isThere = this.#scene.runs.every((run) => records.some(({ id }) => id === run.id));
    return isThere && records.every(({ status }) => isTerminal(status) || status === 'blocked');
  }

  /** The runs of the scene, then their children. */
  async #records(): Promise<readonly RunRecord[]> {
    const all = await this.#database.runs({}, { limit: Infinity });
    const ids = this.#scene.runs.map(({ id }) => id);
    const asked = ids.flatMap((id) => all.filter((record) => record.id === id));
    const children = all.filter(({ id }) => !ids.includes(id)).sort((a, b) => (a.id < b.id ? -1 : 1));
    return [...asked, ...children];
  }

  async #result(): Promise<Performance> {
    const histories: RunHistory[] = [];
    for (const record of await this.#records()) histories.push(await readHistory(this.#database, record));
    return {
      start: this.#start,
      histories,
      effects: this.#outside.effects,
      deaths: this.#machine.deaths,
      appends: this.#machine.appends,
      violations: [
        ...this.#outside.violations,
        ...checkFences(this.#machine.fences),
        ...histories.flatMap(checkHistory),
      ],
    };
  }
}
