import { EngineError, ValueError } from '../errors.js';
import { archiveLines, type ArchivedRun } from '../journal/archive.js';
import type { Journal } from '../journal/journal.js';
import { parseArchive } from '../journal/parse-archive.js';
import { isOpen } from '../journal/status.js';
import { checkLink } from '../run/check-history.js';

export interface ExportOptions {
  /** Its descendants, too. Default: false. */
  readonly withChildren?: boolean;
}

/** Who has to hear of a run that has come. */
export interface ImportHost {
  now(): number;
  expect(runId: string, at: number): void;
  attend(runId: string): void;
}

export async function* exportedRun(
  journal: Journal,
  runId: string,
  options: ExportOptions = {},
): AsyncGenerator<string> {
  const runs = await journal.care.archive(runId, options.withChildren ?? false);
  if (runs.length === 0)
    throw new EngineError('RUN_NOT_FOUND', `there is no run "${runId}" in this database: check the id`);
  for (const run of runs) yield* archiveLines(run);
}

/** Answers with the ids. */
export const importRuns = async (
  journal: Journal,
  lines: AsyncIterable<string> | Iterable<string>,
  host: ImportHost,
): Promise<readonly string[]> => {
  const runs = await parseArchive(lines);
  for (const run of runs) refuseBroken(run);
  await journal.care.restore(runs);
  for (const archived of runs) wake(archived, host);
  return runs.map(({ run }) => run.id);
};

const refuseBroken = ({ run, events }: ArchivedRun): void => {
  const faults = Array.from({ length: run.link + 1 }, (_, link) =>
    checkLink(
      run,
      link,
      events.filter((event) => event.link === link),
    ),
  ).flat();
  const beyond = events.some(({ link }) => link > run.link) ? [`run ${run.id}: it has events of links to come`] : [];
  const [first] = [...beyond, ...faults];
  if (first === undefined) return;
  throw new ValueError(
    'DECODE_FAILED',
    `the journal of an archived run is not what it should be: ${first}. Nothing was written`,
  );
};

const wake = ({ run: { id, status, wakeAt }, letters }: ArchivedRun, host: ImportHost): void => {
  const unread = letters.filter(({ consumed }) => !consumed);
  if (unread.some(({ kind }) => kind === 'control')) host.attend(id);
  if (!isOpen(status)) return;
  host.expect(id, status === 'pending' || unread.length === 0 ? (wakeAt ?? host.now()) : host.now());
};
