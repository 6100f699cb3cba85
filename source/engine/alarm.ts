import TinyQueue from 'tinyqueue';
import type { Clock } from '../run/clock.js';

interface Entry<T> {
  readonly due: number;
  readonly subject: T;
}

/** One armed timer for however many subjects, each of which has one next instant at most. */
export class Alarm<T> {
  readonly #clock: Clock;
  readonly #ring: (subject: T) => void;
  readonly #queue = new TinyQueue<Entry<T>>([], (a, b) => a.due - b.due);
  readonly #dues = new Map<T, number>();
  #armed: { readonly due: number; readonly cancel: () => void } | undefined;

  constructor(clock: Clock, ring: (subject: T) => void) {
    this.#clock = clock;
    this.#ring = ring;
  }

  /** Rings for the subject at this instant, and no longer at an earlier one that was asked for before. */
  set(subject: T, due: number | undefined): void {
    if (this.#dues.get(subject) === due) return;
    if (due === undefined) {
      this.#dues.delete(subject);
      return;
    }
    this.#dues.set(subject, due);
    this.#queue.push({ due, subject });
    this.#arm();
  }

  clear(): void {
    this.#dues.clear();
    this.#armed?.cancel();
    this.#armed = undefined;
    while (this.#queue.pop());
  }

  #arm(): void {
    const next = this.#next();
    if (next === undefined || (this.#armed && this.#armed.due <= next)) return;
    this.#armed?.cancel();
    const cancel = this.#clock.at(next, () => {
      this.#armed = undefined;
      this.#fire();
    });
    this.#armed = { due: next, cancel };
  }

  #fire(): void {
    const now = this.#clock.now();
    for (let next = this.#next(); next !== undefined && next <= now; next = this.#next()) {
      const entry = this.#queue.pop();
      if (!entry) break;
      this.#dues.delete(entry.subject);
      this.#ring(entry.subject);
    }
    this.#arm();
  }

  /** The earliest instant that still stands; entries that were moved or dropped are thrown away on the way. */
  #next(): number | undefined {
    for (let entry = this.#queue.peek(); entry; entry = this.#queue.peek()) {
      if (this.#dues.get(entry.subject) === entry.due) return entry.due;
      this.#queue.pop();
    }
    return undefined;
  }
}
