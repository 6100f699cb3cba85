/** Says that a piece of clean-up is over, and with which error it gave up, if it did. */
export type CleanUpDone = (failure?: { readonly error: unknown }) => void;

/** What goes on after the part of the pipeline that it belongs to: finalizers and compensations. The run ends after all of it. */
export class CleanUps {
  #pending = 0;
  readonly #failures: unknown[] = [];
  #isCutOff = false;

  begin(): CleanUpDone {
    this.#pending += 1;
    let isOver = false;
    return (failure) => {
      if (isOver) return;
      isOver = true;
      this.#pending -= 1;
      if (failure) this.#failures.push(failure.error);
    };
  }

  get pending(): boolean {
    return this.#pending > 0 && !this.#isCutOff;
  }

  get failures(): readonly unknown[] {
    return this.#failures;
  }

  /** Its time is over: the run does not wait any longer. */
  cutOff(error: unknown): void {
    if (!this.pending) return;
    this.#isCutOff = true;
    this.#failures.push(error);
  }
}
