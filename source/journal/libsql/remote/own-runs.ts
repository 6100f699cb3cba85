import type { RunRecord } from '../../run-record.js';

/**
 * What is known of the runs that are this worker's. They stay its own until it lets them go, so that nobody has to be asked whether they
 * are, or whether a parent is to be told of what they emit.
 */
export class OwnRuns {
  readonly #runs = new Map<string, { readonly isChild: boolean }>();

  /** A run as it is now. */
  meet({ id, worker, parent }: RunRecord, workerId: string | undefined): void {
    if (worker !== undefined && worker === workerId) this.#runs.set(id, { isChild: parent !== undefined });
    else this.#runs.delete(id);
  }

  /** What became of it is not known. */
  doubt(id: string): void {
    this.#runs.delete(id);
  }

  clear(): void {
    this.#runs.clear();
  }

  has(id: string): boolean {
    return this.#runs.has(id);
  }

  /** Whether it is certain that nobody is to be told. */
  isParentless(id: string): boolean {
    return this.#runs.get(id)?.isChild === false;
  }
}
