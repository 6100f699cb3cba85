import type { RunPage } from '../journal.js';
import type { RunFilter, RunRecord } from '../run-record.js';
import type { Members } from './members.js';
import type { Routes } from './routes.js';

/** The runs of a filter, file by file; children are all in the file of their parent. */
export const pageOfRuns = async (
  members: Members,
  routes: Routes,
  filter: RunFilter,
  { after, limit, busy = false }: RunPage,
): Promise<readonly RunRecord[]> => {
  const only = filter.parent === undefined ? undefined : ((await routes.find(filter.parent)) ?? -1);
  const from = after === undefined ? undefined : await routes.find(after);
  await members.upToDate();
  const runs: RunRecord[] = [];
  for (const { number } of members.files) {
    if (runs.length >= limit) break;
    if (number < (from ?? 0) || (only !== undefined && number !== only)) continue;
    if (busy && !members.isRecent(number)) continue;
    const page = { limit: limit - runs.length, ...(after === undefined || number !== from ? {} : { after }) };
    runs.push(...(await members.use(number, ({ journal }) => journal.runs(filter, page))));
  }
  return runs;
};
