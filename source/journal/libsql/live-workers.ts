import { hostname } from 'node:os';

/** A worker of a pool holds several databases: each is counted. */
class LiveWorkers {
  readonly #held = new Map<string, number>();

  add(id: string): void {
    this.#held.set(id, (this.#held.get(id) ?? 0) + 1);
  }

  delete(id: string): void {
    const left = (this.#held.get(id) ?? 0) - 1;
    if (left > 0) this.#held.set(id, left);
    else this.#held.delete(id);
  }

  has(id: string): boolean {
    return this.#held.has(id);
  }
}

/** Workers of this very process: a row with our pid that is not among them was left by a predecessor with the same pid. */
export const liveWorkers = new LiveWorkers();

export interface WorkerRow {
  readonly id: string;
  readonly host: string;
  readonly pid: number;
  readonly leaseUntil: number;
}

const isAlive = (pid: number): boolean => {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    // No permission to signal it means that it is there.
    return error instanceof Error && 'code' in error && error.code === 'EPERM';
  }
};

/** Whether a worker may still write: its lease stands, and its process is not known to be gone. */
export const mayBeAlive = (worker: WorkerRow, now: number): boolean => {
  if (worker.leaseUntil <= now) return false;
  if (worker.host !== hostname()) return true;
  return worker.pid === process.pid ? liveWorkers.has(worker.id) : isAlive(worker.pid);
};
