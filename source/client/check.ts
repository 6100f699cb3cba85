import { isDeepStrictEqual } from 'node:util';
import { TempoliteError } from '../errors.js';
import { readEvents } from '../journal/history.js';
import type { Journal } from '../journal/journal.js';
import type { RunRecord } from '../journal/run-record.js';
import { checkLink } from '../run/check-history.js';

/** Something that is wrong with a database. */
export interface Finding {
  /** Of which run; without, it is of the file. */
  readonly runId?: string;
  readonly link?: number;
  readonly what: string;
}

export interface CheckOptions {
  /** Holds indexes against their tables as well, which takes several times as long. Default: false. */
  readonly deep?: boolean;
}

/** Runs that are listed at once. */
const runsPerPage = 1000;

/** A run that goes on while it is read is read again, so often. */
const mostReadings = 5;

/** Checks the file, if it is one, then the journal of each run: all of it is read. What cannot be read is a finding, too. */
export const checkDatabase = async (
  journal: Journal,
  { deep = false }: CheckOptions = {},
): Promise<readonly Finding[]> => {
  const ofFile = await orFinding({}, async () => ((await journal.file?.damages(deep)) ?? []).map((what) => ({ what })));
  return [...ofFile, ...(await orFinding({}, () => checkRuns(journal)))];
};

const checkRuns = async (journal: Journal): Promise<readonly Finding[]> => {
  const findings: Finding[] = [];
  for (let after: string | undefined; ;) {
    const from = after === undefined ? {} : { after };
    const page: readonly RunRecord[] = await journal.runs({}, { limit: runsPerPage, ...from });
    for (const run of page) findings.push(...(await checkRun(journal, run)));
    after = page.at(-1)?.id;
    if (page.length < runsPerPage) return findings;
  }
};

const orFinding = async (
  of: Omit<Finding, 'what'>,
  check: () => Promise<readonly Finding[]>,
): Promise<readonly Finding[]> => {
  try {
    return await check();
  } catch (error) {
    const isDamage = error instanceof TempoliteError && /^PAYLOAD_|^JOURNAL_CORRUPT$/.test(error.code);
    if (!isDamage) throw error;
    return [{ ...of, what: `${error.code}: ${error.message}` }];
  }
};

/** What is wrong counts only if the run has not gone on in the meantime. */
const checkRun = async (journal: Journal, first: RunRecord): Promise<readonly Finding[]> => {
  let run: RunRecord | undefined = first;
  for (let reading = 1; run; reading += 1) {
    const findings = await findingsOf(journal, run);
    if (findings.length === 0) return [];
    const next: RunRecord | undefined = await journal.run(run.id);
    if (reading === mostReadings || isDeepStrictEqual(next, run)) return findings;
    run = next;
  }
  return [];
};

const findingsOf = async (journal: Journal, run: RunRecord): Promise<readonly Finding[]> => {
  const findings: Finding[] = [];
  for (let link = 0; link <= run.link; link += 1) {
    const of = { runId: run.id, link };
    const ofLink = await orFinding(of, async () => {
      const events = await readEvents(journal, run.id, link);
      return checkLink(run, link, events).map((what) => ({ ...of, what }));
    });
    findings.push(...ofLink);
  }
  return findings;
};
