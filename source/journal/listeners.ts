import type { Change } from './journal.js';

export type Listener = (changes: readonly Change[]) => void;

/** Who wants to hear of what is committed. */
export class Listeners {
  readonly #all = new Set<Listener>();

  get isEmpty(): boolean {
    return this.#all.size === 0;
  }

  /** Answers with what takes it out again. */
  add(listener: Listener): () => void {
    this.#all.add(listener);
    return () => {
      this.#all.delete(listener);
    };
  }

  tell(changes: readonly Change[]): void {
    if (changes.length > 0) for (const listener of [...this.#all]) listener(changes);
  }

  clear(): void {
    this.#all.clear();
  }
}
