/** The share of the time that may go into reading: after each reading comes a pause of so many times its length. */
const pausePerReading = 4;

/**
 * Reads again what others may have changed: one reading at a time, once more when it was asked for in the meantime, and never for more
 * than a fifth of the time, however often others write. It keeps no process alive.
 */
export class CatchUp {
  readonly #read: () => Promise<void>;
  readonly #failed: (error: unknown) => void;
  #state: 'idle' | 'reading' | 'pausing' | 'stopped' = 'idle';
  #again = false;
  #pause: NodeJS.Timeout | undefined;

  constructor(read: () => Promise<void>, failed: (error: unknown) => void) {
    this.#read = read;
    this.#failed = failed;
  }

  /** Whether it neither reads nor is about to. */
  get isQuiet(): boolean {
    return this.#state === 'idle' || this.#state === 'stopped' || (this.#state === 'pausing' && !this.#again);
  }

  ask(): void {
    if (this.#state === 'stopped') return;
    if (this.#state !== 'idle') {
      this.#again = true;
      return;
    }
    this.#begin();
  }

  stop(): void {
    this.#state = 'stopped';
    clearTimeout(this.#pause);
  }

  #begin(): void {
    this.#state = 'reading';
    this.#again = false;
    const began = performance.now();
    this.#read().then(
      () => {
        this.#done(performance.now() - began);
      },
      (error: unknown) => {
        this.#failed(error);
        this.#done(performance.now() - began);
      },
    );
  }

  #done(lengthMs: number): void {
    if (this.#state === 'stopped') return;
    this.#state = 'pausing';
    this.#pause = setTimeout(() => {
      if (this.#state === 'stopped') return;
      this.#state = 'idle';
      if (this.#again) this.#begin();
    }, lengthMs * pausePerReading).unref();
  }
}
