import type { Journal } from '../journal/journal.js';
import { newWorkerId } from '../values/ids.js';
import type { Settings } from './options.js';

/** Renewals within one lease: two may fail before it ends. */
const renewalsPerLease = 3;

export interface LeaseHost {
  /** It is held, by a new worker: the runs that are nobody's may be claimed. */
  acquired(): Promise<void>;
  renewed(): void;
  /** Nothing may be written any more, and nothing is to be left of what was going on. A new one is acquired. */
  lost(): void;
}

/** A worker's right to write for its runs. It is renewed in real time, and lost when another worker has taken over. */
export class Lease {
  readonly #journal: Journal;
  readonly #settings: Settings;
  readonly #host: LeaseHost;
  #timer: NodeJS.Timeout | undefined;
  #worker: string | undefined;
  #state: 'open' | 'acquiring anew' | 'closed' = 'open';

  constructor(journal: Journal, settings: Settings, host: LeaseHost) {
    this.#journal = journal;
    this.#settings = settings;
    this.#host = host;
  }

  /** The id of the worker that this process is. */
  get worker(): string | undefined {
    return this.#worker;
  }

  async acquire(): Promise<void> {
    clearInterval(this.#timer);
    const { leaseMs } = this.#settings;
    const { id } = await this.#journal.acquire({ id: newWorkerId(), leaseMs });
    if (this.#state === 'closed') return this.#journal.release();
    this.#worker = id;
    this.#timer = setInterval(() => {
      void this.check();
    }, leaseMs / renewalsPerLease);
    await this.#host.acquired();
  }

  /** Lets go of all runs, so that the next worker need not wait. */
  async release(): Promise<void> {
    const isHeld = this.#worker !== undefined;
    this.abandon();
    if (isHeld) await this.#journal.release();
  }

  /** Leaves the lease as a killed process would. */
  abandon(): void {
    this.stop();
    this.#worker = undefined;
  }

  stop(): void {
    this.#state = 'closed';
    clearInterval(this.#timer);
  }

  /** Renews it; answers whether it is still held. */
  async check(): Promise<boolean> {
    const before = this.#worker;
    try {
      await this.#journal.renew(this.#settings.leaseMs);
      this.#host.renewed();
      return true;
    } catch (error) {
      // Busy or full passes; every commit proves the fence anyway.
      const code = typeof error === 'object' && error !== null && 'code' in error ? error.code : undefined;
      if (code !== 'JOURNAL_CLOSED') this.#settings.logger.warn({ error }, 'the lease could not be renewed');
      if (code !== 'JOURNAL_FENCED') return true;
      if (this.#state === 'open' && this.#worker === before) void this.#acquireAnew();
      return false;
    }
  }

  async #acquireAnew(): Promise<void> {
    this.#settings.logger.error({}, 'others have taken over the runs of this worker; it begins anew');
    this.#state = 'acquiring anew';
    clearInterval(this.#timer);
    this.#host.lost();
    for (const before = this.#worker; this.#isAcquiring && this.#worker === before;) {
      try {
        await this.acquire();
      } catch (error) {
        this.#settings.logger.error({ error }, 'no new lease is to be had; trying again');
        await new Promise((resolve) => setTimeout(resolve, this.#settings.commitRetryMs).unref());
      }
    }
    if (this.#isAcquiring) this.#state = 'open';
  }

  get #isAcquiring(): boolean {
    return this.#state === 'acquiring anew';
  }
}
