import type { ActivityContext } from '../../source/index.js';
import type { TestClock } from '../../source/testing/index.js';

/**
 * The outside world of a test: it lives through the crashes of a worker. A job that was ordered once is done at its instant, and
 * ordering it again under the same key (a repeated execution) waits for the same job.
 */
export class World {
  readonly #clock: TestClock;
  readonly #doneAt = new Map<string, number>();
  /** How often each job was ordered, by key. */
  readonly orders = new Map<string, number>();

  constructor(clock: TestClock) {
    this.#clock = clock;
  }

  /** Takes `latencyMs` from the first order on, then gives `outcome`. */
  job<T>(
    context: Pick<ActivityContext, 'idempotencyKey' | 'attempt'>,
    latencyMs: number,
    outcome: () => T,
  ): Promise<T> {
    const key = `${context.idempotencyKey}@${context.attempt}`;
    this.orders.set(key, (this.orders.get(key) ?? 0) + 1);
    const doneAt = this.#doneAt.get(key) ?? this.#clock.now() + latencyMs;
    this.#doneAt.set(key, doneAt);
    return new Promise<void>((resolve) => {
      this.#clock.at(doneAt, resolve);
    }).then(outcome);
  }
}
