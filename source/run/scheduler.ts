/* eslint-disable @typescript-eslint/unbound-method -- the schedulers' methods are taken off and put back, never called unbound */
import {
  animationFrameScheduler,
  asapScheduler,
  asyncScheduler,
  queueScheduler,
  Subscription,
  type SchedulerAction,
  type SchedulerLike,
} from 'rxjs';
import { DeterminismError } from '../errors.js';
import type { Command } from './command.js';
import type { RunContext } from './context.js';

/**
 * Makes every stock RxJS time operator durable. While a turn is on, `asyncScheduler.schedule` asks the run for a timer,
 * `asyncScheduler.now` and `Date.now` (which RxJS's own timestamps read) give the run's clock, and the other schedulers refuse
 * delays, because they would start native intervals. Outside a turn all of them are untouched: a turn is a macrotask of its own,
 * so that no foreign code can see the difference.
 */

type Work<T> = (this: SchedulerAction<T>, state?: T) => void;

/** All stock timers of a run share one series of ordinals; their digest is the delay. */
const timerName = 'rxjs';

class DurableAction<T> extends Subscription implements SchedulerAction<T> {
  readonly #run: RunContext;
  readonly #work: Work<T>;
  #command: Command | undefined;

  constructor(run: RunContext, work: Work<T>) {
    super();
    this.#run = run;
    this.#work = work;
    this.add(() => {
      if (this.#command) this.#run.cancel(this.#command);
    });
  }

  schedule(state?: T, delay = 0): Subscription {
    if (this.closed || !this.#run.guard('a timer of RxJS')) return this;
    // Rescheduling before the firing replaces the pending timer, as RxJS's own AsyncAction does.
    if (this.#command?.state === 'pending') this.#run.cancel(this.#command);
    const delayMs = Number.isFinite(delay) ? Math.max(0, delay) : delay === Infinity ? maxDelayMs : 0;
    this.#command = this.#run.issue({
      kind: 'timer',
      name: timerName,
      digest: String(delayMs),
      due: this.#run.clock + delayMs,
      deliver: () => {
        this.#fire(state);
      },
    });
    return this;
  }

  #fire(state: T | undefined): void {
    if (this.closed) return;
    const fired = this.#command;
    try {
      this.#work.call(this, state);
    } catch (error) {
      this.unsubscribe();
      throw error;
    }
    // As in RxJS: an action that was not scheduled again is done.
    if (this.#command === fired) this.unsubscribe();
  }
}

/** Beyond what a Date can hold a timer never fires; `Infinity` is such a delay. */
const maxDelayMs = 8.64e15;

const refusal = (name: string): DeterminismError =>
  new DeterminismError(
    'NON_DETERMINISM',
    `${name} was asked for a delay inside a workflow; it would start a native timer that a restart loses. ` +
      'Use asyncScheduler (the default of every RxJS time operator), which is durable here.',
  );

interface Guarded {
  readonly name: string;
  readonly scheduler: SchedulerLike;
  /** Whether it may be used without a delay: `asap` is a microtask and `queue` runs at once, both deterministic. */
  readonly immediate: boolean;
}

const others: readonly Guarded[] = [
  { name: 'asapScheduler', scheduler: asapScheduler, immediate: true },
  { name: 'queueScheduler', scheduler: queueScheduler, immediate: true },
  { name: 'animationFrameScheduler', scheduler: animationFrameScheduler, immediate: false },
];

let run: RunContext | undefined;

// What was there before the turn, whoever put it there: it is given back unchanged.
let machineSchedule = asyncScheduler.schedule;
let machineNow = asyncScheduler.now;
let machineDateNow = Date.now;
const machineSchedules = others.map((other) => other.scheduler.schedule);

const runNow = (): number => run?.clock ?? machineDateNow();

function runSchedule<T>(work: Work<T>, delay: number, state: T): Subscription;
function runSchedule<T>(work: Work<T>, delay?: number, state?: T): Subscription {
  if (!run) throw refusal('asyncScheduler');
  return new DurableAction(run, work).schedule(state, delay);
}

const blocking = (name: string): DeterminismError => {
  const error = refusal(name);
  run?.block(error);
  return error;
};

const guarded = ({ name, scheduler, immediate }: Guarded, index: number): SchedulerLike['schedule'] => {
  function schedule<T>(work: Work<T>, delay: number, state: T): Subscription;
  function schedule<T>(work: Work<T>, delay = 0, state?: T): Subscription {
    const machine = machineSchedules[index];
    if (delay > 0 || !immediate || !machine) throw blocking(name);
    const action = machine.call(scheduler, work as Work<unknown>, delay, state) as SchedulerAction<unknown>;
    const reschedule = action.schedule;
    action.schedule = function (this: SchedulerAction<unknown>, nextState?: unknown, nextDelay = 0) {
      if (nextDelay > 0) throw blocking(name);
      return reschedule.call(this, nextState, nextDelay);
    };
    return action;
  }
  return schedule;
};

const guardedSchedules = others.map(guarded);

/** Called by the turn loop only: from now on time is the run's. */
export const takeTime = (owner: RunContext): void => {
  run = owner;
  machineSchedule = asyncScheduler.schedule;
  machineNow = asyncScheduler.now;
  machineDateNow = Date.now;
  asyncScheduler.schedule = runSchedule;
  asyncScheduler.now = runNow;
  Date.now = runNow;
  for (let index = 0; index < others.length; index += 1) {
    const scheduler = others[index]?.scheduler;
    if (!scheduler) continue;
    machineSchedules[index] = scheduler.schedule;
    scheduler.schedule = guardedSchedules[index] ?? scheduler.schedule;
  }
};

/** Called by the turn loop only: time is the machine's again. */
export const returnTime = (): void => {
  run = undefined;
  asyncScheduler.schedule = machineSchedule;
  asyncScheduler.now = machineNow;
  Date.now = machineDateNow;
  for (let index = 0; index < others.length; index += 1) {
    const scheduler = others[index]?.scheduler;
    if (scheduler) scheduler.schedule = machineSchedules[index] ?? scheduler.schedule;
  }
};
