import type { Journal } from './journal.js';
import type { RunFilter, RunRecord } from './run-record.js';

/** Runs that are read at once. */
const pageSize = 500;

/** Pages through the runs of a filter, oldest first; of a pool with `busy` only through files in which something may have happened of late. */
export const listRuns = async (
  journal: Journal,
  filter: RunFilter,
  limit = Infinity,
  busy = false,
): Promise<readonly RunRecord[]> => {
  const runs: RunRecord[] = [];
  for (let after: string | undefined; runs.length < limit; after = runs.at(-1)?.id) {
    const size = Math.min(pageSize, limit - runs.length);
    const page = await journal.runs(filter, { limit: size, busy, ...(after === undefined ? {} : { after }) });
    runs.push(...page);
    if (page.length < size) break;
  }
  return runs;
};
