import { Observable } from 'rxjs';
import { CatchUp } from '../journal/catch-up.js';
import type { Journal } from '../journal/journal.js';
import { listRuns } from '../journal/list-runs.js';
import type { RunFilter, RunRecord } from '../journal/run-record.js';

const matches = (run: RunRecord, { workflow, status, tags, parent }: RunFilter): boolean => {
  if (parent !== undefined && run.parent?.runId !== parent) return false;
  if (workflow !== undefined && run.workflow !== workflow) return false;
  if (status !== undefined && ![status].flat().includes(run.status)) return false;
  return Object.entries(tags ?? {}).every(([name, value]) => run.tags[name] === value);
};

/**
 * The runs that fit a filter: first each that is stored, oldest first, then each again whenever its record changes so that it fits. It
 * never completes. What others write is found by listing the runs once more. A record that was read and one that comes in between is the
 * same row: the newer one wins.
 */
export const watchRuns = (journal: Journal, filter: RunFilter): Observable<RunRecord> =>
  new Observable<RunRecord>((subscriber) => {
    let early: RunRecord[] | undefined = [];
    let isListed = false;
    const shown = new Map<string, string>();
    const show = (run: RunRecord): void => {
      const mark = [run.status, run.updatedAt, run.wakeAt, run.link].join();
      if (shown.get(run.id) === mark) return;
      shown.set(run.id, mark);
      subscriber.next(run);
    };
    const catchUp = new CatchUp(
      async () => {
        early = [];
        for (const run of await listRuns(journal, filter, Infinity, isListed)) show(run);
        isListed = true;
        const missed = early;
        early = undefined;
        for (const run of missed) show(run);
      },
      (error) => {
        subscriber.error(error);
      },
    );
    const stop = journal.subscribe((changes) => {
      for (const change of changes) {
        if (change.type === 'foreign') catchUp.ask();
        if (change.type !== 'run' || !matches(change.run, filter)) continue;
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
