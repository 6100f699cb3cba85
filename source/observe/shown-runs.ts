import type { RunFilter, RunRecord } from '../journal/run-record.js';
import { statuses } from '../journal/status.js';
import { NumberMap, numberOf } from './number-map.js';

const matches = (run: RunRecord, { workflow, status, tags, parent }: RunFilter): boolean => {
  if (parent !== undefined && run.parent?.runId !== parent) return false;
  if (workflow !== undefined && run.workflow !== workflow) return false;
  if (status !== undefined && ![status].flat().includes(run.status)) return false;
  return Object.entries(tags ?? {}).every(([name, value]) => run.tags[name] === value);
};

/** What tells one record of a run from another. */
const markOf = ({ status, updatedAt, wakeAt, link }: RunRecord): number => {
  const mark = updatedAt * statuses.length + statuses.indexOf(status);
  const isAll = wakeAt === undefined && link === 0 && Number.isSafeInteger(mark);
  return isAll ? mark : numberOf([status, updatedAt, wakeAt, link].join());
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
  /** By the numbers of their ids: there may be a great many. Should two have the same one, a record might be shown twice. */
  #marks = new NumberMap();
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
      this.#marks.delete(numberOf(run.id));
      return false;
    }
    if (this.#isShown(run)) return false;
    this.#marks.set(numberOf(run.id), markOf(run));
    return true;
  }

  /** Of what was listed: what has not been shown. */
  missing(listed: readonly RunRecord[], isWhole: boolean): readonly RunRecord[] {
    if (isWhole) this.#keep(listed);
    return listed.filter((run) => !this.#isShown(run));
  }

  #isShown(run: RunRecord): boolean {
    return this.#marks.get(numberOf(run.id)) === markOf(run);
  }

  #keep(listed: readonly RunRecord[]): void {
    const kept = new NumberMap();
    for (const { id } of listed) {
      const key = numberOf(id);
      const mark = this.#marks.get(key);
      if (mark !== undefined) kept.set(key, mark);
    }
    this.#marks = kept;
    this.#behindWhole = listed.length;
  }
}
