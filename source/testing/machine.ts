import { Tempolite } from '../client/tempolite.js';
import type { WorkerOptions } from '../engine/options.js';
import type { RunEvent } from '../journal/event.js';
import type { Journal } from '../journal/journal.js';
import type { AnyWorkflow } from '../run/workflow.js';
import { mortalJournal, type Fault, type MortalJournal } from './mortal-journal.js';
import type { OutsideWorld } from './outside-world.js';
import type { TestClock } from './test-clock.js';

export interface MachineOptions {
  readonly workflows: readonly AnyWorkflow[];
  readonly worker?: WorkerOptions;
  readonly reorder?: (events: readonly RunEvent[]) => readonly RunEvent[];
  /** Called with what is stored when a process has died. */
  readonly onDeath?: (journal: Journal) => Promise<void>;
}

/** Real time that no test takes. */
const neverMs = 2 ** 31 - 1;

/** The settings under which real time plays no part: a run that waits says so in the journal at once, and stays in memory. */
const exact = { random: (): number => 0.5, parkAfterMs: 0, evictAfterMs: neverMs, commitRetryMs: 0, closeTimeoutMs: 0 };

/** Where one process after the other comes up over a database that outlives them, and dies. */
export class Machine {
  readonly clock: TestClock;
  readonly #database: Journal;
  readonly #outside: OutsideWorld;
  readonly #options: MachineOptions;
  #process: { readonly tempolite: Tempolite; readonly mortal: MortalJournal } | undefined;
  #dying: Promise<void> | undefined;
  #deaths = 0;
  #lives = 0;
  #fences: number[] = [];
  #appends: number[] = [];

  constructor(database: Journal, clock: TestClock, outside: OutsideWorld, options: MachineOptions) {
    this.#database = database;
    this.clock = clock;
    this.#outside = outside;
    this.#options = options;
  }

  /** The engine of the process that is up. */
  get tempolite(): Tempolite | undefined {
    return this.#process?.tempolite;
  }

  /** Whether an activity is at work, or waits for its next attempt. */
  get isWorking(): boolean {
    const executions = this.tempolite?.worker.residents.values() ?? [];
    return [...executions].some(({ pending }) => pending.some(({ launched }) => launched));
  }

  /** How often a process has died by a fault of its journal. */
  get deaths(): number {
    return this.#deaths;
  }

  /** What each worker that came up got, in that order. */
  get fences(): readonly number[] {
    return this.#fences;
  }

  /** The number of events of each append of the first process. */
  get appends(): readonly number[] {
    return this.#appends;
  }

  /** A process comes up, to which these things are going to happen. It may die of them before it is wholly there. */
  async open(faults: readonly Fault[] = []): Promise<Tempolite | undefined> {
    await this.#dying;
    this.#lives += 1;
    const life = { number: this.#lives, died: false };
    const { reorder, workflows, worker } = this.#options;
    const mortal = mortalJournal(this.#database, {
      faults,
      onAppend: (events) => {
        if (life.number === 1) this.#appends.push(events);
      },
      onAcquire: ({ fence }) => {
        this.#fences.push(fence);
      },
      onDeath: () => {
        life.died = true;
        this.#deaths += 1;
        this.kill();
      },
      ...(reorder ? { reorder } : {}),
    });
    try {
      const interceptActivity = this.#outside.newLife();
      const { clock } = this;
      const tempolite = await Tempolite.over(mortal.journal, {
        workflows,
        clock,
        ...exact,
        ...worker,
        interceptActivity,
      });
      this.#process = { tempolite, mortal };
    } catch (error) {
      if (!life.died) throw error;
    }
    if (life.died) this.kill();
    return this.#process?.tempolite;
  }

  /** The process that is up dies at once, as by SIGKILL. */
  kill(): void {
    const dying = this.#process;
    this.#process = undefined;
    this.#outside.endLife();
    dying?.mortal.kill();
    dying?.tempolite.worker.crash();
    const before = this.#dying;
    this.#dying = (async () => {
      await before;
      await this.#options.onDeath?.(this.#database);
      await this.#database.release();
    })();
  }

  /** Kills what is up and closes the database. */
  async close(): Promise<void> {
    this.kill();
    await this.#dying;
    await this.#database.close();
  }
}
