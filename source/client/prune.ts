import { EngineError } from '../errors.js';
import type { Journal } from '../journal/journal.js';
import { isTerminal, type RunStatus, type TerminalStatus } from '../journal/status.js';
import { duration, type Duration } from '../values/duration.js';

export interface PruneOptions {
  /** Only runs that ended so long ago. Default: 0, all of them. */
  readonly olderThan?: Duration;
  /** Only runs that ended so. Default: all but `failed`, which may still be replayed. */
  readonly status?: TerminalStatus | readonly TerminalStatus[];
  /** The newest so many of each workflow stay. Default: 0. */
  readonly keep?: number;
  /** Ends when so many runs are gone. Default: no limit. */
  readonly limit?: number;
  /**
   * What is done about free space at the end. `'shrink'` (default): it is given back, a little at a time; a database that an earlier
   * release has made keeps it for what comes. `'rewrite'`: the file is written anew, and nobody else can write in the meantime.
   * `'keep'`: nothing.
   */
  readonly space?: 'shrink' | 'rewrite' | 'keep';
  /** Called after each transaction. */
  readonly onProgress?: (progress: PruneProgress) => void;
}

export interface PruneProgress {
  /** Runs that are gone, with the descendants of those that were asked for. */
  readonly runs: number;
  /** Rows of theirs that were deleted: events, letters, exposed values. */
  readonly rows: number;
  readonly bigPayloads: number;
}

/** Runs that are looked at, rows that are deleted, pages that are given back in one transaction: a few milliseconds each. */
const runsPerCommit = 100;
const rowsPerCommit = 1000;
const pagesPerCommit = 500;

type PrunedRuns = Awaited<ReturnType<Journal['care']['pruneRuns']>>;
type PrunedBig = Awaited<ReturnType<Journal['care']['pruneBig']>>;

const defaultStatuses: readonly TerminalStatus[] = ['completed', 'cancelled', 'terminated'];

/** Takes ended runs out of a database. What it has done so far stays done if it is ended in the middle; the next call goes on. */
export const prune = async (journal: Journal, now: number, options: PruneOptions = {}): Promise<PruneProgress> => {
  const { status = defaultStatuses, keep = 0, limit = Infinity, space = 'shrink', onProgress } = options;
  const statuses = [status].flat();
  for (const given of statuses) refuseOpen(given);
  if (!Number.isSafeInteger(keep) || keep < 0) throw invalid(`keep is a whole number from 0 on, not ${keep}`);
  if (limit !== Infinity && (!Number.isSafeInteger(limit) || limit < 1))
    throw invalid(`limit is a whole number from 1 on, not ${limit}`);
  if (space === 'rewrite' && !journal.file) throw unsupported(`space: 'rewrite'`);
  const what = { statuses, endedBefore: now - duration(options.olderThan ?? 0, 'olderThan') + 1, keep };
  let progress = { runs: 0, rows: 0, bigPayloads: 0 };
  const done = (more: Partial<PruneProgress>): void => {
    const { runs = 0, rows = 0, bigPayloads = 0 } = more;
    if (runs + rows + bigPayloads === 0) return;
    progress = {
      runs: progress.runs + runs,
      rows: progress.rows + rows,
      bigPayloads: progress.bigPayloads + bigPayloads,
    };
    onProgress?.(progress);
  };
  const deleteRows = async (): Promise<void> => {
    for (;;) {
      const rows = await journal.care.pruneRows(rowsPerCommit);
      if (rows === 0) return;
      done({ rows });
    }
  };

  // What a predecessor did not come to.
  await deleteRows();
  for (let after: number | undefined = 0; after !== undefined;) {
    const page = { after, limit: Math.min(runsPerCommit, limit - progress.runs) };
    const pruned: PrunedRuns = await journal.care.pruneRuns(what, page);
    done({ runs: pruned.runs });
    if (pruned.runs > 0) await deleteRows();
    after = progress.runs < limit ? pruned.after : undefined;
  }
  for (let after: string | undefined = ''; after !== undefined;) {
    const pruned: PrunedBig = await journal.care.pruneBig({ after, limit: rowsPerCommit });
    done({ bigPayloads: pruned.payloads });
    after = pruned.after;
  }
  if (space === 'rewrite') await journal.file?.rewrite();
  if (space === 'shrink') await shrink(journal);
  return progress;
};

const refuseOpen = (status: RunStatus): void => {
  if (!isTerminal(status)) throw invalid(`status is one or several ends of a run, not ${JSON.stringify(status)}`);
};

const shrink = async ({ file }: Journal): Promise<void> => {
  let left = 1;
  while (file && left > 0) left = await file.shrink(pagesPerCommit);
};

export const unsupported = (what: string): EngineError =>
  new EngineError(
    'UNSUPPORTED',
    `${what} is for databases that are files of this machine: use the means of your server`,
  );

const invalid = (what: string): EngineError => new EngineError('INVALID_ARGUMENT', `prune: ${what}`);
