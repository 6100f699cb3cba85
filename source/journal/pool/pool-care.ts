import { JournalError } from '../../errors.js';
import type { ArchivedRun } from '../archive.js';
import type { Care } from '../care.js';
import type { Journal } from '../journal.js';

/** What can be asked of the file that a run is in. */
type OfRun = <T>(runId: string, none: T, ask: (journal: Journal) => Promise<T>) => Promise<T>;

/**
 * Care of a pool: a run is archived from the file that it is in. What goes through whole files is done to each file by itself, so that a file
 * that rests is left alone.
 */
export class PoolCare implements Care {
  readonly #ofRun: OfRun;

  constructor(ofRun: OfRun) {
    this.#ofRun = ofRun;
  }

  archive(runId: string, withChildren: boolean): Promise<readonly ArchivedRun[]> {
    const none: readonly ArchivedRun[] = [];
    return this.#ofRun(runId, none, (journal) => journal.care.archive(runId, withChildren));
  }

  pruneRuns(): Promise<never> {
    return refused('pruned');
  }

  pruneRows(): Promise<never> {
    return refused('pruned');
  }

  pruneBig(): Promise<never> {
    return refused('pruned');
  }

  restore(): Promise<never> {
    return refused('added to');
  }
}

const refused = (what: string): Promise<never> =>
  Promise.reject(
    new JournalError(
      'UNSUPPORTED',
      `a pool is not ${what} as a whole: open one of its files by itself, with Tempolite.open({ url, worker: false }). Nothing was changed`,
    ),
  );
