import type { RunRecord } from '../run-record.js';

/** The row of a run that is this worker's. */
export interface OwnRow {
  readonly num: number;
  /** What the database says of it, as far as that is known. */
  record: RunRecord | undefined;
  /** Of a child: its own id, and the row of its parent. */
  readonly child: { readonly id: string; readonly parent: number } | undefined;
}

/**
 * The rows of the runs that this worker is about to write. Nobody else writes them until it lets them go or is gone itself, and then its
 * fence is refused, so that they need not be read again.
 */
export class OwnRows {
  readonly #rows = new Map<string, OwnRow>();

  get(runId: string): OwnRow | undefined {
    return this.#rows.get(runId);
  }

  /** Whether this worker has written last that it runs. */
  isRunning(runId: string): boolean {
    return this.#rows.get(runId)?.record?.status === 'running';
  }

  set(runId: string, row: OwnRow): void {
    this.#rows.set(runId, row);
  }

  /** A row that has just become this worker's, with the row of its parent. */
  claimed(record: RunRecord, num: unknown, parent: unknown): void {
    this.#rows.set(record.id, { num: Number(num), record, child: childOf(record.id, parent) });
  }

  /** A run that waits or is paused costs no memory. */
  delete(runId: string): void {
    this.#rows.delete(runId);
  }

  clear(): void {
    this.#rows.clear();
  }
}

/** `parent` is the column: null, unless the run is a child. */
export const childOf = (id: string, parent: unknown): OwnRow['child'] =>
  parent === null || parent === undefined ? undefined : { id, parent: Number(parent) };
