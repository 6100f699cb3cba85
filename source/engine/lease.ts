import type { Journal } from '../journal/journal.js';
import type { Settings } from './options.js';

/** Renewals within one lease: two may fail before it ends. */
const renewalsPerLease = 3;

/** A worker's right to write. It is renewed in real time, and lost when another worker has taken over. */
export class Lease {
  readonly #journal: Journal;
  readonly #settings: Settings;
  readonly #lost: () => void;
  #timer: NodeJS.Timeout | undefined;
  #held = false;

  constructor(journal: Journal, settings: Settings, lost: () => void) {
    this.#journal = journal;
    this.#settings = settings;
    this.#lost = lost;
  }

  async acquire(id: string): Promise<void> {
    const { leaseMs } = this.#settings;
    await this.#journal.acquire({ id, now: Date.now(), leaseMs });
    this.#held = true;
    this.#timer = setInterval(() => {
      void this.#renew();
    }, leaseMs / renewalsPerLease);
  }

  /** Gives the database back, so that the next worker need not wait. */
  async release(): Promise<void> {
    this.stop();
    if (!this.#held) return;
    this.#held = false;
    await this.#journal.release();
  }

  /** Leaves the lease as a killed process would. */
  abandon(): void {
    this.stop();
    this.#held = false;
  }

  stop(): void {
    clearInterval(this.#timer);
  }

  async #renew(): Promise<void> {
    try {
      await this.#journal.renew(Date.now(), this.#settings.leaseMs);
    } catch (error) {
      // Busy or full passes; every commit proves the fence anyway.
      const code = typeof error === 'object' && error !== null && 'code' in error ? error.code : undefined;
      this.#settings.logger.warn({ error }, 'the lease could not be renewed');
      if (code !== 'JOURNAL_FENCED' || !this.#held) return;
      this.#held = false;
      this.#lost();
    }
  }
}
