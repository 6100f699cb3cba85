import type { SignalRecord } from '../journal/journal.js';

/**
 * The unconsumed signals of a run, in the order of arrival for each name. A signal whose consumption was skipped goes back to
 * the head: ids grow with arrival, so that its place is found by its id. The time at which it came stays its time.
 */
export class Mailbox {
  readonly #queues = new Map<string, SignalRecord[]>();
  /** Guards against the same letter twice: from the database and from the notice of its arrival. */
  readonly #seen = new Set<number>();
  readonly #givenBack = new Set<number>();
  /** Taken, and not consumed yet. */
  readonly #taken = new Map<number, SignalRecord>();
  /** Given back on replay: the journal has when they were consumed, not when they came. */
  readonly #undated = new Set<number>();

  arrive(signal: SignalRecord): boolean {
    if (this.#undated.delete(signal.id)) this.#replace(signal);
    if (this.knows(signal.id)) return false;
    this.#seen.add(signal.id);
    this.#insert(signal);
    return true;
  }

  /** Whether it has arrived, or its consumption was met. */
  knows(id: number): boolean {
    return this.#seen.has(id);
  }

  /** Takes back what `take` gave. On replay it may be there already: given back before, and not taken in between but by its record. */
  giveBack(signal: SignalRecord): void {
    const { id, name } = signal;
    this.#seen.add(id);
    this.#givenBack.add(id);
    if (this.#queues.get(name)?.some((other) => other.id === id)) return;
    const taken = this.#taken.get(id);
    this.#taken.delete(id);
    if (!taken) this.#undated.add(id);
    this.#insert(taken ?? signal);
  }

  /** Ids of what waits here with a time that is not its own: until it arrives once more. */
  get undated(): readonly number[] {
    return [...this.#undated];
  }

  /** Ids of what waits here although the journal has recorded its consumption. */
  get givenBack(): readonly number[] {
    const ids = [...this.#queues.values()].flatMap((queue) => queue.map(({ id }) => id));
    return ids.filter((id) => this.#givenBack.has(id));
  }

  /** The oldest signal of a name. */
  head(name: string): SignalRecord | undefined {
    return this.#queues.get(name)?.[0];
  }

  /** Removes and returns the oldest signal of a name. */
  take(name: string): SignalRecord | undefined {
    const queue = this.#queues.get(name);
    const signal = queue?.shift();
    if (queue?.length === 0) this.#queues.delete(name);
    if (signal) this.#taken.set(signal.id, signal);
    return signal;
  }

  /** The signal has been consumed by a recorded event, which may be known before the letter itself. */
  consumed(id: number, name: string): void {
    this.#seen.add(id);
    this.#taken.delete(id);
    this.#undated.delete(id);
    const queue = this.#queues.get(name);
    const index = queue?.findIndex((signal) => signal.id === id) ?? -1;
    if (queue && index >= 0) queue.splice(index, 1);
    if (queue?.length === 0) this.#queues.delete(name);
  }

  has(name: string): boolean {
    return this.#queues.has(name);
  }

  #replace(signal: SignalRecord): void {
    const queue = this.#queues.get(signal.name);
    const place = queue?.findIndex(({ id }) => id === signal.id) ?? -1;
    if (queue && place >= 0) queue[place] = signal;
  }

  #insert(signal: SignalRecord): void {
    const queue = this.#queues.get(signal.name);
    if (!queue) {
      this.#queues.set(signal.name, [signal]);
      return;
    }
    let place = queue.length;
    while (place > 0 && (queue[place - 1]?.id ?? 0) > signal.id) place -= 1;
    queue.splice(place, 0, signal);
  }
}
