import { Observable } from 'rxjs';
import type { Journal } from '../journal/journal.js';
import type { RunFilter, RunRecord } from '../journal/run-record.js';

/** Runs that are read at once. */
const pageSize = 500;

const matches = (run: RunRecord, { workflow, status, tags, parent }: RunFilter): boolean => {
  if (parent !== undefined && run.parent?.runId !== parent) return false;
  if (workflow !== undefined && run.workflow !== workflow) return false;
  if (status !== undefined && ![status].flat().includes(run.status)) return false;
  return Object.entries(tags ?? {}).every(([name, value]) => run.tags[name] === value);
};

/** Pages through the runs of a filter, oldest first. */
export const listRuns = async (
  journal: Journal,
  filter: RunFilter,
  limit = Infinity,
): Promise<readonly RunRecord[]> => {
  const runs: RunRecord[] = [];
  for (let after: string | undefined; runs.length < limit; after = runs.at(-1)?.id) {
    const size = Math.min(pageSize, limit - runs.length);
    const page = await journal.runs(filter, { limit: size, ...(after === undefined ? {} : { after }) });
    runs.push(...page);
    if (page.length < size) break;
  }
  return runs;
};

/**
 * The runs that fit a filter: first each that is stored, oldest first, then each again whenever its record changes so that it
 * fits. It never completes. A record that was read and one that comes in between is the same row: the newer one wins.
 */
export const watchRuns = (journal: Journal, filter: RunFilter): Observable<RunRecord> =>
  new Observable<RunRecord>((subscriber) => {
    let early: RunRecord[] | undefined = [];
    const stop = journal.subscribe((changes) => {
      for (const change of changes) {
        if (change.type !== 'run' || !matches(change.run, filter)) continue;
        if (early) early.push(change.run);
        else subscriber.next(change.run);
      }
    });
    listRuns(journal, filter).then(
      (stored) => {
        const shown = new Map(stored.map((run) => [run.id, run]));
        for (const run of stored) subscriber.next(run);
        const missed = early ?? [];
        early = undefined;
        for (const run of missed) {
          const known = shown.get(run.id);
          const same = known?.status === run.status && known.updatedAt === run.updatedAt && known.wakeAt === run.wakeAt;
          if (!same) subscriber.next(run);
        }
      },
      (error: unknown) => {
        subscriber.error(error);
      },
    );
    return stop;
  });
