import type { End } from '../journal/event.js';
import type { RunCommit } from '../journal/journal.js';
import type { RunRecord } from '../journal/run-record.js';

type Status = RunCommit['status'];

/** What the database says of a run's status, and what has to be written to keep it true. */
export class StoredStatus {
  #status: RunRecord['status'];
  #wakeAt: number | undefined;

  constructor(record: RunRecord) {
    this.#status = record.status;
    this.#wakeAt = record.wakeAt;
  }

  get wakeAt(): number | undefined {
    return this.#wakeAt;
  }

  /** Whether it says that there is nothing to do before this instant. */
  isParked(nextDue: number | undefined): boolean {
    return this.#status === 'paused' || (this.#status === 'waiting' && this.#wakeAt === nextDue);
  }

  park(at: number, wakeAt: number | undefined, detail?: string): NonNullable<Status> {
    this.#status = 'waiting';
    this.#wakeAt = wakeAt;
    return {
      status: 'waiting',
      at,
      ...(wakeAt === undefined ? {} : { wakeAt }),
      ...(detail === undefined ? {} : { detail }),
    };
  }

  /** The status that goes with the next commit, if it changes. `works`: something is or may soon be in flight. */
  next(at: number, works: boolean): Status {
    if (this.#status === 'running' || !works) return undefined;
    // What follows may be in flight when the process dies: the run must not look as if it only waited.
    return this.become('running', at);
  }

  become(status: 'running' | 'paused', at: number): NonNullable<Status> {
    this.#status = status;
    this.#wakeAt = undefined;
    return { status, at };
  }

  /** The retry of the run stays due at this instant. */
  pause(at: number, wakeAt: number | undefined, detail: string | undefined): NonNullable<Status> {
    return { ...this.park(at, wakeAt, detail), ...this.become('paused', at) };
  }
}

/** The status of a run that is at its end; of a link that is, it stays as it was. */
export const statusAfter = (end: End, at: number): Status => {
  switch (end.type) {
    case 'run-completed':
      return { status: 'completed', at };
    case 'run-failed':
      return { status: 'failed', at, detail: end.payload };
    case 'run-cancelled':
      return { status: 'cancelled', at, detail: end.payload };
    case 'run-terminated':
      return { status: 'terminated', at, detail: end.payload };
    case 'run-continued':
      return { status: 'running', at };
  }
};
