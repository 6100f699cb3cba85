import { defaultRemoteOptions } from './remote-options.js';

export interface ForeignPollOptions {
  readonly pollMinMs?: number;
  readonly pollMaxMs?: number;
}

/**
 * Notices that others have written to a remote database, by asking. The pause between two questions doubles while nothing happens, and is
 * the shortest again after news or a write of one's own: who writes waits for an answer. It asks only while somebody listens.
 */
export class ForeignPoll {
  readonly #look: () => Promise<string>;
  readonly #notify: () => void;
  readonly #minMs: number;
  readonly #maxMs: number;
  #delayMs: number;
  #timer: NodeJS.Timeout | undefined;
  #state: 'idle' | 'waiting' | 'asking' | 'stopped' = 'idle';
  #seen: string;

  /** `seen` is what a look gave before anything was read that a listener may know. */
  constructor(look: () => Promise<string>, seen: string, options: ForeignPollOptions, notify: () => void) {
    this.#look = look;
    this.#seen = seen;
    this.#notify = notify;
    this.#minMs = options.pollMinMs ?? defaultRemoteOptions.pollMinMs;
    this.#maxMs = Math.max(this.#minMs, options.pollMaxMs ?? defaultRemoteOptions.pollMaxMs);
    this.#delayMs = this.#minMs;
  }

  start(): void {
    if (this.#state === 'idle') this.#ask();
  }

  /** Asks at the shortest intervals again. */
  hurry(): void {
    this.#delayMs = this.#minMs;
    if (this.#state !== 'waiting') return;
    clearTimeout(this.#timer);
    this.#wait();
  }

  stop(): void {
    this.#state = 'stopped';
    clearTimeout(this.#timer);
  }

  /** Nobody listens any more. What happens until somebody does again is news then. */
  pause(): void {
    if (this.#state === 'stopped') return;
    this.#state = 'idle';
    clearTimeout(this.#timer);
  }

  #ask(): void {
    this.#state = 'asking';
    this.#look().then(
      (found) => {
        this.#found(found);
      },
      () => {
        // Whoever reads or writes is told. It asks on, ever more slowly.
        this.#found(this.#seen);
      },
    );
  }

  #found(found: string): void {
    const isNews = found !== this.#seen;
    this.#seen = found;
    this.#delayMs = isNews ? this.#minMs : Math.min(this.#delayMs * 2, this.#maxMs);
    if (this.#state !== 'asking') return;
    this.#wait();
    if (isNews) this.#notify();
  }

  #wait(): void {
    this.#state = 'waiting';
    this.#timer = setTimeout(() => {
      this.#ask();
    }, this.#delayMs);
  }
}
