import type { Change } from './journal.js';

export type Listener = (changes: readonly Change[]) => void;

/** Who wants to hear of what is committed. */
export class Listeners {
  readonly #all = new Set<Listener>();
  #noted: Change[] = [];

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

  /** What is being written is told when it is committed, if anybody listens. */
  note(change: Change): void {
    if (!this.isEmpty) this.#noted.push(change);
  }

  /** It is committed. */
  tellNoted(): void {
    const noted = this.#noted;
    this.forgetNoted();
    this.tell(noted);
  }

  /** It came to nothing. */
  forgetNoted(): void {
    this.#noted = [];
  }

  clear(): void {
    this.#all.clear();
  }
}
