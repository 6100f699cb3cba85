import { existsSync, readFileSync } from 'node:fs';
import { dryReplay } from '../engine/dry-replay.js';
import { Registry } from '../engine/registry.js';
import { JournalError } from '../errors.js';
import { parseHistories, readHistory, type RunHistory } from '../journal/history.js';
import { openJournal, type JournalOptions } from '../journal/libsql/open-journal.js';
import type { RunRecord } from '../journal/run-record.js';
import type { AnyWorkflow } from '../run/workflow.js';

/** What today's code makes of a recorded run. */
export interface ReplayedRun {
  readonly run: RunRecord;
  /**
   * - `fits`: it goes on, or comes to the end that is recorded.
   * - `differs`: it would block; `error` says why.
   * - `unknown`: its workflow is not among those that were given, or not in its version.
   */
  readonly verdict: 'fits' | 'differs' | 'unknown';
  /** A `DivergenceError` with `expected`, `found`, `nearest` and `seq`, or a `NON_DETERMINISM` error. */
  readonly error?: Error;
}

export interface ReplayReport {
  /** Runs that were replayed. */
  readonly fits: number;
  readonly differs: readonly ReplayedRun[];
  readonly unknown: readonly ReplayedRun[];
}

/** Runs that are listed at once. */
const pageSize = 1000;

/**
 * Replays every run of a database (`file:orders.db`; take a copy or a backup) or of an export (the path of a file of JSON lines) against
 * today's code. Recorded results are delivered, nothing is executed, nothing is written. For a check before a deploy: what differs would
 * block.
 *
 * Errors: `JOURNAL_FAILED` when there is no such file, `DECODE_FAILED` for a damaged export, `PAYLOAD_KEY_MISSING`.
 *
 * @example
 * const { differs } = await replayHistories('file:backup.db', [processOrder]);
 * for (const { run, error } of differs) console.error(run.id, error?.message);
 * process.exitCode = differs.length > 0 ? 1 : 0;
 */
export const replayHistories = async (
  source: string,
  workflows: readonly AnyWorkflow[],
  options: Pick<JournalOptions, 'payloads'> = {},
): Promise<ReplayReport> => {
  const registry = new Registry(workflows);
  const report = { fits: 0, differs: [] as ReplayedRun[], unknown: [] as ReplayedRun[] };
  for await (const history of source.startsWith('file:') ? ofDatabase(source, options) : ofExport(source)) {
    const replayed = await replay(history, registry);
    if (replayed.verdict === 'fits') report.fits += 1;
    else report[replayed.verdict].push(replayed);
  }
  return report;
};

const replay = async ({ run, events }: RunHistory, registry: Registry): Promise<ReplayedRun> => {
  const workflow = registry.find(run.workflow, run.version);
  if (!workflow) return { run, verdict: 'unknown' };
  const { error } = await dryReplay(run, workflow, events);
  return error ? { run, verdict: 'differs', error } : { run, verdict: 'fits' };
};

async function* ofDatabase(url: string, options: JournalOptions): AsyncGenerator<RunHistory> {
  // Opening would make a new file.
  if (!existsSync(url.startsWith('file://') ? new URL(url) : url.slice('file:'.length))) throw missing(url);
  const journal = await openJournal({ ...options, url });
  try {
    for (let after: string | undefined; ;) {
      const page = await journal.runs({}, { limit: pageSize, ...(after === undefined ? {} : { after }) });
      for (const run of page) yield await readHistory(journal, run);
      after = page.at(-1)?.id;
      if (page.length < pageSize) return;
    }
  } finally {
    await journal.close();
  }
}

// eslint-disable-next-line @typescript-eslint/require-await -- both sources are read alike
async function* ofExport(path: string): AsyncGenerator<RunHistory> {
  if (!existsSync(path)) throw missing(path);
  yield* parseHistories(readFileSync(path, 'utf8'));
}

const missing = (source: string): JournalError =>
  new JournalError(
    'JOURNAL_FAILED',
    `there is no file ${source}: give the url of a database (file:orders.db) or the path of an export`,
  );
