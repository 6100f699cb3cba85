import TinyQueue from 'tinyqueue';
import { ValueError } from '../errors.js';
import type { Clock } from '../run/clock.js';
import { duration, type Duration } from '../values/duration.js';

interface Alarm {
  readonly at: number;
  readonly order: number;
  callback: (() => void) | undefined;
}

/** Rounds of the event loop in which nothing happens before time may pass: commits and turns take a few. */
const quietRounds = 3;

/**
 * A clock that stands still until it is told to move: `Tempolite.open({ clock: new TestClock() })`. Weeks pass at once, in order:
 * before time moves on, everything that is due has happened, as far as it does not wait for the outside world.
 *
 * @example
 * const clock = new TestClock();
 * const tempolite = await Tempolite.open({ workflows: [reminder], clock });
 * const run = await tempolite.start(reminder, 'Ada');
 * await clock.advance('7 days');
 */
export class TestClock implements Clock {
  readonly #alarms = new TinyQueue<Alarm>([], (a, b) => a.at - b.at || a.order - b.order);
  readonly #watched = new Set<() => boolean>();
  #now: number;
  #order = 0;

  /** Starts at the beginning of 2030 unless told otherwise. */
  constructor(start: Date | number = Date.UTC(2030, 0, 1)) {
    this.#now = instantOf(start);
  }

  now(): number {
    return this.#now;
  }

  at(at: number, callback: () => void): () => void {
    const alarm: Alarm = { at, order: this.#order, callback };
    this.#order += 1;
    this.#alarms.push(alarm);
    // What is late already needs no time to pass.
    if (at <= this.#now) {
      queueMicrotask(() => {
        this.#ring();
      });
    }
    return () => {
      alarm.callback = undefined;
    };
  }

  /** Engines over this clock say whether something is going on: time does not move before that is over. */
  watch(isQuiet: () => boolean): () => void {
    this.#watched.add(isQuiet);
    return () => {
      this.#watched.delete(isQuiet);
    };
  }

  /** The instant of the next alarm, if there is one. */
  get next(): number | undefined {
    for (let alarm = this.#alarms.peek(); alarm; alarm = this.#alarms.peek()) {
      if (alarm.callback) return alarm.at;
      this.#alarms.pop();
    }
    return undefined;
  }

  /** Jumps, as a machine's clock does when it is set: alarms that are due ring, earlier ones do not come back. */
  set(instant: Date | number): void {
    this.#now = instantOf(instant);
    this.#ring();
  }

  /** Moves on by a duration, alarm by alarm. */
  advance(length: Duration): Promise<void> {
    return this.advanceTo(this.#now + duration(length, 'advance'));
  }

  /** Moves on to an instant, alarm by alarm. */
  async advanceTo(instant: Date | number): Promise<void> {
    const end = instantOf(instant);
    await this.settle();
    while ((this.next ?? Infinity) <= end) await this.step();
    this.#now = Math.max(this.#now, end);
  }

  /** Moves on to the next alarm, and lets everything happen that is due then; answers whether there was one. */
  async step(): Promise<boolean> {
    const { next } = this;
    if (next === undefined) return false;
    this.#now = Math.max(this.#now, next);
    this.#ring();
    await this.settle();
    return true;
  }

  /** Moves on from alarm to alarm until the promise settles; answers with it. It waits where there is no alarm. */
  async until<T>(promise: Promise<T>): Promise<T> {
    let settled = false;
    const done = (): void => {
      settled = true;
    };
    promise.then(done, done);
    const isSettled = (): boolean => settled;
    await this.settle();
    while (!isSettled()) {
      if (await this.step()) continue;
      await new Promise((resolve) => setTimeout(resolve, 1));
      await this.settle();
    }
    return promise;
  }

  /** Waits until nothing happens any more without time passing. */
  async settle(): Promise<void> {
    for (let round = 0; round < quietRounds; round += 1) {
      await new Promise((resolve) => setImmediate(resolve));
      if (![...this.#watched].every((isQuiet) => isQuiet())) round = -1;
    }
  }

  #ring(): void {
    for (let next = this.next; next !== undefined && next <= this.#now; next = this.next) {
      const callback = this.#alarms.pop()?.callback;
      callback?.();
    }
  }
}

const instantOf = (instant: Date | number): number => {
  const ms = Number(instant);
  if (Number.isFinite(ms)) return ms;
  throw new ValueError('INVALID_ARGUMENT', `an instant is a valid Date or ms since 1970, not ${String(instant)}`);
};
