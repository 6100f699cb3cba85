import { Observable } from 'rxjs';
import { CatchUp } from '../journal/catch-up.js';
import type { Journal } from '../journal/journal.js';
import { listRuns } from '../journal/list-runs.js';
import type { RunFilter, RunRecord } from '../journal/run-record.js';
import { isNewerThanHeard } from './newer-than-heard.js';
import { isSameRecord, ShownRuns } from './shown-runs.js';

/**
 * The runs that fit a filter: first each that is stored, oldest first, then each again whenever its record changes so that it fits. It
 * never completes. What others write is found by listing the runs once more. A record that was read and one that comes in between are put
 * in the order in which they were written.
 */
export const watchRuns = (journal: Journal, filter: RunFilter): Observable<RunRecord> =>
  new Observable<RunRecord>((subscriber) => {
    let early: RunRecord[] | undefined = [];
    const shown = new ShownRuns(filter);
    const show = (run: RunRecord): void => {
      if (shown.take(run)) subscriber.next(run);
    };
    const catchUp = new CatchUp(
      async () => {
        const missed: RunRecord[] = (early = []);
        const isWhole = shown.needsWhole;
        const stored = shown.missing(await listRuns(journal, filter, Infinity, !isWhole), isWhole);
        const newest = await newestOf(journal, stored, missed);
        early = undefined;
        const heard = groupedById(missed);
        const unheard = stored.filter((run) => !heard.get(run.id)?.some((other) => isSameRecord(other, run)));
        for (const run of unheard) if (!newest.has(run)) show(run);
        for (const run of missed) show(run);
        for (const run of unheard) if (newest.has(run)) show(run);
      },
      (error) => {
        subscriber.error(error);
      },
    );
    const stop = journal.subscribe((changes) => {
      for (const change of changes) {
        if (change.type === 'foreign') catchUp.ask();
        if (change.type !== 'run') continue;
        if (early) early.push(change.run);
        else show(change.run);
      }
    });
    catchUp.ask();
    return () => {
      stop();
      catchUp.stop();
    };
  });

/** Of what was listed: the records that are newer than what was heard of their runs meanwhile. */
const newestOf = async (
  journal: Journal,
  stored: readonly RunRecord[],
  missed: readonly RunRecord[],
): Promise<ReadonlySet<RunRecord>> => {
  const heard = groupedById(missed);
  const newest = new Set<RunRecord>();
  await Promise.all(
    stored.map(async (run) => {
      const all = heard.get(run.id) ?? [];
      if (await isNewerThanHeard(run, all, isSameRecord, () => journal.run(run.id))) newest.add(run);
    }),
  );
  return newest;
};

const groupedById = (runs: readonly RunRecord[]): ReadonlyMap<string, readonly RunRecord[]> => {
  const groups = new Map<string, RunRecord[]>();
  for (const run of runs) {
    const group = groups.get(run.id);
    if (group) group.push(run);
    else groups.set(run.id, [run]);
  }
  return groups;
};
