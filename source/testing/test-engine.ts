import { AssertionError } from 'node:assert';
import type { StartOptions } from '../client/starts.js';
import type { Tempolite } from '../client/tempolite.js';
import type { WorkerOptions } from '../engine/options.js';
import { EngineError } from '../errors.js';
import type { Journal, NewSignal } from '../journal/journal.js';
import { openJournal, type JournalOptions } from '../journal/libsql/open-journal.js';
import type { Command } from '../run/command.js';
import type { AnyWorkflow, WorkflowDefinition } from '../run/workflow.js';
import { duration, type Duration } from '../values/duration.js';
import { Machine } from './machine.js';
import type { Fault } from './mortal-journal.js';
import { ignoreEnded } from './scene.js';
import { OutsideWorld, type Effect } from './outside-world.js';
import type { Stubs } from './stubs.js';
import { TestClock } from './test-clock.js';
import { TestRun, type TestRunHost } from './test-run.js';

export interface TestEngineOptions extends Omit<WorkerOptions, 'clock' | 'interceptActivity'> {
  readonly workflows: readonly AnyWorkflow[];
  /** Stand-ins for activities, by name. The others run as they are. */
  readonly activities?: Stubs;
  /** How payloads are stored. */
  readonly database?: Pick<JournalOptions, 'payloads' | 'bigPayloadBytes'>;
  /** The instant at which it begins. Default: the beginning of 2030. */
  readonly start?: Date | number;
  /** What goes wrong with the appends of the first process. */
  readonly faults?: readonly Fault[];
}

export interface CrashOfEngine {
  /** No process is up for this time. Default: none. */
  readonly for?: Duration;
  /** What goes wrong with the appends of the next process. */
  readonly faults?: readonly Fault[];
}

/** Instants to which time may move on for one result: beyond that something spins. */
const mostInstants = 100_000;

/**
 * A database in memory with its engine, in virtual time: weeks pass at once. Time stands still until it is told to move on
 * (`advance`), or until a result is awaited, which takes as much of it as it needs.
 *
 * @example
 * const engine = await TestEngine.open({ workflows: [processOrder], activities: { charge: takes('2 seconds', () => 'ch_1') } });
 * const run = await engine.start(processOrder, order);
 * run.signalAt('2 days', approval, true);
 * assert.deepEqual(await run.result(), receipt);
 * await engine.close();
 */
export class TestEngine implements TestRunHost {
  readonly clock: TestClock;
  readonly journal: Journal;
  readonly #outside: OutsideWorld;
  readonly #machine: Machine;

  private constructor(
    journal: Journal,
    { workflows, activities = {}, start, faults: _, database: __, ...worker }: TestEngineOptions,
  ) {
    this.journal = journal;
    this.clock = new TestClock(start);
    this.#outside = new OutsideWorld(this.clock, activities, journal);
    this.#machine = new Machine(journal, this.clock, this.#outside, { workflows, worker });
  }

  /** Errors: as `Tempolite.open`. */
  static async open(options: TestEngineOptions): Promise<TestEngine> {
    const engine = new TestEngine(await openJournal(options.database), options);
    await engine.#machine.open(options.faults);
    return engine;
  }

  /** The engine of the process that is up, for everything that a test engine does not have itself. */
  get tempolite(): Tempolite {
    const { tempolite } = this.#machine;
    if (tempolite) return tempolite;
    throw new EngineError(
      'ENGINE_CLOSED',
      'no process is up in this test engine: it has died of a fault, or was closed. `crash()` brings up the next one',
    );
  }

  /** Every attempt of an activity, as the outside world saw it. */
  get effects(): readonly Effect[] {
    return this.#outside.effects;
  }

  /** Starts a run; answers when everything that it does at once has happened. */
  async start<I, O>(workflow: WorkflowDefinition<I, O>, input: I, options?: StartOptions): Promise<TestRun<O>> {
    const { id } = await this.tempolite.start(workflow, input, options);
    await this.settle();
    return this.run(id, workflow);
  }

  /** A handle for a run that was started before. */
  run<I, O>(id: string, workflow: WorkflowDefinition<I, O>): TestRun<O> {
    const view = {
      handle: () => this.tempolite.run(id, workflow),
      decode: (output: string) => workflow.output.decode(output),
    };
    return new TestRun(id, view, this);
  }

  /** Time moves on by a duration; whatever is due on the way happens when it is due. */
  advance(length: Duration): Promise<void> {
    return this.clock.advance(length);
  }

  /** Time moves on to an instant. */
  advanceTo(instant: Date | number): Promise<void> {
    return this.clock.advanceTo(instant);
  }

  /** Waits until nothing happens any more without time passing. */
  settle(): Promise<void> {
    return this.clock.settle();
  }

  /** The process dies, as by SIGKILL, and the next one comes up over what it has left. */
  async crash(options: CrashOfEngine = {}): Promise<void> {
    this.#machine.kill();
    await this.advance(options.for ?? 0);
    await this.#machine.open(options.faults);
    await this.settle();
  }

  /** Ends it as a crash would: there is nothing to be kept. */
  close(): Promise<void> {
    return this.#machine.close();
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close();
  }

  // ── what its runs ask for ─────────────────────────────────────────────────────────────────────────────────────────────

  /** @internal */
  at(when: Duration | Date, letter: Omit<NewSignal, 'at'>): void {
    const instant = when instanceof Date ? when.getTime() : this.clock.now() + duration(when, 'signalAt');
    let going = false;
    const stop = this.clock.watch(() => !going);
    this.clock.at(instant, () => {
      going = true;
      void this.journal
        .signal({ ...letter, at: this.clock.now() })
        .catch(ignoreEnded)
        .finally(stop);
    });
  }

  /** @internal */
  async pending(id: string): Promise<readonly Command[]> {
    const execution = await this.tempolite.worker.activate(id);
    await this.settle();
    return execution?.pending ?? [];
  }

  /** @internal */
  async until<T>(promise: Promise<T>, id: string): Promise<T> {
    const state = { settled: false };
    const done = (): void => {
      state.settled = true;
    };
    promise.then(done, done);
    await this.settle();
    for (let instants = 0; !state.settled; instants += 1) {
      if (instants > mostInstants) throw stuck(id, `has not ended after ${mostInstants} instants of virtual time`);
      if (!(await this.clock.step())) await this.#waitForWorld(id, state);
    }
    return promise;
  }

  /** Nothing will happen by time alone; what is in flight may be at work in real time. */
  async #waitForWorld(id: string, state: { readonly settled: boolean }): Promise<void> {
    const pending = await this.pending(id);
    if (state.settled || this.clock.next !== undefined) return;
    if (!pending.some(({ launched }) => launched)) {
      const keys = pending.map(({ key }) => key).join(', ') || 'nothing';
      throw stuck(id, `waits for ${keys}, which never comes: publish the signal, or say when with signalAt`);
    }
    await new Promise((resolve) => setTimeout(resolve, 1));
    await this.settle();
  }
}

const stuck = (id: string, what: string): AssertionError => new AssertionError({ message: `run "${id}" ${what}` });
