import { isBusy } from './failures.js';

/** A locked database is tried again for this long. */
const defaultBusyTimeoutMs = 10_000;

const firstDelayMs = 2;
const longestDelayMs = 100;

/** How long to wait before a locked database is tried again: ever longer, with jitter, until the time is up. */
export class BusyWait {
  readonly #timeoutMs: number;
  #since: number | undefined;
  #delayMs = firstDelayMs;

  constructor(timeoutMs = defaultBusyTimeoutMs) {
    this.#timeoutMs = timeoutMs;
  }

  /** `undefined` when the time is up. */
  next(): number | undefined {
    this.#since ??= performance.now();
    if (performance.now() - this.#since > this.#timeoutMs) {
      this.over();
      return undefined;
    }
    this.#delayMs = Math.min(this.#delayMs * 2, longestDelayMs);
    return this.#delayMs * (0.5 + Math.random());
  }

  /** The lock was free. */
  over(): void {
    this.#since = undefined;
    this.#delayMs = firstDelayMs;
  }
}

/**
 * Reads and openings wait for a lock too: for a moment another process holds all of a file while it recovers or removes the WAL.
 * The event loop never sleeps.
 */
export const retryBusy = async <T>(attempt: () => T, timeoutMs?: number): Promise<T> => {
  const wait = new BusyWait(timeoutMs);
  for (;;) {
    try {
      return attempt();
    } catch (error) {
      const delayMs = isBusy(error) ? wait.next() : undefined;
      if (delayMs === undefined) throw error;
      await new Promise((resolve) => setTimeout(resolve, delayMs));
    }
  }
};
