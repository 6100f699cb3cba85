import type { RunRecord } from '../../run-record.js';

/**
 * What is known of the runs that are this worker's. They stay its own until it lets them go, so that nobody has to be asked whether they
 * are, or whether a parent is to be told of what they emit.
 */
export class OwnRuns {
  readonly #runs = new Map<string, { readonly isChild: boolean; readonly isRunning: boolean }>();

  /** A run as this process has just written it. */
  wrote(run: RunRecord, workerId: string | undefined): void {
    this.#meet(run, workerId, run.status === 'running');
  }

  /** A run as it was read: what was written since may be known already. */
  met(run: RunRecord, workerId: string | undefined): void {
    this.#meet(run, workerId, this.isRunning(run.id));
  }

  #meet({ id, worker, parent }: RunRecord, workerId: string | undefined, isRunning: boolean): void {
    if (worker === undefined || worker !== workerId) this.#runs.delete(id);
    else this.#runs.set(id, { isChild: parent !== undefined, isRunning });
  }

  /** Whether this worker has written last that it runs, and nobody else has written since as far as is known. */
  isRunning(id: string): boolean {
    return this.#runs.get(id)?.isRunning === true;
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
