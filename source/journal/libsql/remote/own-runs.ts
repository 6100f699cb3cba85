import type { RunRecord } from '../../run-record.js';

/**
 * What is known of the runs that are this worker's. They stay its own until it lets them go, so that nobody has to be asked whether they
 * are, or whether a parent is to be told of what they emit.
 */
export class OwnRuns {
  readonly #runs = new Map<string, { readonly isChild: boolean; readonly record?: RunRecord }>();

  /** A run as it is now. The whole of it is kept while it is executed: those that wait are many. */
  meet(record: RunRecord, workerId: string | undefined): void {
    const { id, worker, parent, status } = record;
    const isChild = parent !== undefined;
    if (worker === undefined || worker !== workerId) this.#runs.delete(id);
    else this.#runs.set(id, status === 'running' ? { isChild, record } : { isChild });
  }

  /** Its record has changed in a way that is not told. */
  forgetRecord(id: string): void {
    const known = this.#runs.get(id);
    if (known) this.#runs.set(id, { isChild: known.isChild });
  }

  /** A running one as it was last written, by this worker: nobody else writes it. */
  record(id: string): RunRecord | undefined {
    return this.#runs.get(id)?.record;
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
