import type { Exposed } from '../journal/exposed.js';

/**
 * The latest values that a run has published and not yet written. They are written with the next commit, so that what a turn
 * published is known to be written once the journal has a later batch.
 */
export class Exposures {
  readonly #waiting = new Map<string, Exposed & { readonly batch: number }>();

  set(name: string, payload: string, at: number, batch: number): void {
    this.#waiting.set(name, { name, payload, at, batch });
  }

  get waiting(): boolean {
    return this.#waiting.size > 0;
  }

  /** A batch was met on replay: what earlier ones published was written with it. */
  met(batch: number): void {
    if (this.#waiting.size === 0) return;
    for (const [name, value] of this.#waiting) if (value.batch < batch) this.#waiting.delete(name);
  }

  take(): readonly Exposed[] {
    if (this.#waiting.size === 0) return none;
    const taken = [...this.#waiting.values()].map(({ name, payload, at }) => ({ name, payload, at }));
    this.#waiting.clear();
    return taken;
  }
}

const none: readonly Exposed[] = [];
