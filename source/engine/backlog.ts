import type { RunRecord } from '../journal/run-record.js';

export interface Waiting {
  readonly runId: string;
  readonly record: RunRecord | undefined;
}

/** Records that are kept with their ids: more of them would cost memory, and are read when it is their turn. */
const mostRecords = 10_000;

/** Runs that wait for a place in memory, first in, first out, each once. */
export class Backlog {
  readonly #ids = new Map<string, RunRecord | undefined>();

  get size(): number {
    return this.#ids.size;
  }

  add(runId: string, record?: RunRecord): void {
    this.#ids.set(runId, this.#ids.size < mostRecords ? record : undefined);
  }

  delete(runId: string): void {
    this.#ids.delete(runId);
  }

  clear(): void {
    this.#ids.clear();
  }

  next(): Waiting | undefined {
    for (const [runId, record] of this.#ids) {
      this.#ids.delete(runId);
      return { runId, record };
    }
    return undefined;
  }
}
