import type { RunFilter, RunRecord } from '../journal/run-record.js';
import { statuses } from '../journal/status.js';

const matches = (run: RunRecord, { workflow, status, tags, parent }: RunFilter): boolean => {
  if (parent !== undefined && run.parent?.runId !== parent) return false;
  if (workflow !== undefined && run.workflow !== workflow) return false;
  if (status !== undefined && ![status].flat().includes(run.status)) return false;
  return Object.entries(tags ?? {}).every(([name, value]) => run.tags[name] === value);
};

/** What tells one record of a run from another: for most of them a number, for there may be a great many. */
const markOf = ({ status, updatedAt, wakeAt, link }: RunRecord): string | number => {
  const mark = updatedAt * statuses.length + statuses.indexOf(status);
  return wakeAt === undefined && link === 0 && Number.isSafeInteger(mark)
    ? mark
    : [status, updatedAt, wakeAt, link].join();
};

export const isSameRecord = (one: RunRecord, other: RunRecord): boolean =>
  one.id === other.id && markOf(one) === markOf(other);

/** Below so many it does not matter how many are remembered. */
const few = 1000;

/**
 * Which records of the runs that fit a filter have been shown. Of a run that no longer fits nothing is remembered: at once, when it is heard of,
 * and else with the next whole list, which is due when twice as many are remembered as were behind the last one.
 */
export class ShownRuns {
  readonly #filter: RunFilter;
  #marks = new Map<string, string | number>();
  #behindWhole: number | undefined;

  constructor(filter: RunFilter) {
    this.#filter = filter;
  }

  get size(): number {
    return this.#marks.size;
  }

  /** Whether the next list has to be whole. */
  get needsWhole(): boolean {
    return this.#behindWhole === undefined || this.size > 2 * this.#behindWhole + few;
  }

  /** Whether it is to be shown now. */
  take(run: RunRecord): boolean {
    if (!matches(run, this.#filter)) {
      this.#marks.delete(run.id);
      return false;
    }
    if (this.#isShown(run)) return false;
    this.#marks.set(run.id, markOf(run));
    return true;
  }

  /** Of what was listed: what has not been shown. */
  missing(listed: readonly RunRecord[], isWhole: boolean): readonly RunRecord[] {
    if (isWhole) this.#keep(listed);
    return listed.filter((run) => !this.#isShown(run));
  }

  #isShown(run: RunRecord): boolean {
    return this.#marks.get(run.id) === markOf(run);
  }

  #keep(listed: readonly RunRecord[]): void {
    const kept = new Map<string, string | number>();
    for (const { id } of listed) {
      const mark = this.#marks.get(id);
      if (mark !== undefined) kept.set(id, mark);
    }
    this.#marks = kept;
    this.#behindWhole = listed.length;
  }
}
