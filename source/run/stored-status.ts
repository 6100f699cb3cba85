import type { RunCommit } from '../journal/journal.js';
import type { RunRecord } from '../journal/run-record.js';
import type { End } from './compose.js';

/** What the database says of a run's status, and what has to be written to keep it true. */
export class StoredStatus {
  #status: RunRecord['status'];
  #wakeAt: number | undefined;

  constructor(record: RunRecord) {
    this.#status = record.status;
    this.#wakeAt = record.wakeAt;
  }

  /** Whether it says that there is nothing to do before this instant. */
  isParked(nextDue: number | undefined): boolean {
    return this.#status === 'waiting' && this.#wakeAt === nextDue;
  }

  park(at: number, wakeAt: number | undefined): NonNullable<RunCommit['status']> {
    this.#status = 'waiting';
    this.#wakeAt = wakeAt;
    return { status: 'waiting', at, ...(wakeAt === undefined ? {} : { wakeAt }) };
  }

  /** The status that goes with the next commit, if it changes. `works`: something is or may soon be in flight. */
  next(at: number, works: boolean, end: End | undefined): RunCommit['status'] {
    if (end?.type === 'run-completed') return { status: 'completed', at };
    if (end) return { status: 'failed', at, detail: end.payload };
    if (this.#status === 'running' || !works) return undefined;
    // What follows may be in flight when the process dies: the run must not look as if it only waited.
    this.#status = 'running';
    this.#wakeAt = undefined;
    return { status: 'running', at };
  }
}
