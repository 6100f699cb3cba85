import { isDeepStrictEqual } from 'node:util';
import { TempoliteError } from '../errors.js';
import type { RunEvent } from '../journal/event.js';
import type { Journal, RunCommit } from '../journal/journal.js';
import type { Settings } from './options.js';

const firstRetryMs = 50;

/**
 * Commits until the database takes it: a full disk or a long lock delays a run, it never loses what has happened. A refusal may
 * hide a commit whose acknowledgement was lost: before it is tried again, what is stored is read back. Answers with the events as they
 * were written, with `undefined` when they cannot be written by this worker any more: it was fenced, has stopped, or there are other events
 * in their place.
 */
export const commitUntilTaken = (
  journal: Journal,
  commit: RunCommit,
  settings: Settings,
  isStopped: () => boolean,
): Promise<readonly RunEvent[] | undefined> =>
  journal.commit(commit).catch((error: unknown) => commitAgain(journal, commit, settings, isStopped, error));

/** A function of its own: as a rule the database takes a commit at once, and every step waits for one. */
const commitAgain = async (
  journal: Journal,
  commit: RunCommit,
  settings: Settings,
  isStopped: () => boolean,
  refusal: unknown,
): Promise<readonly RunEvent[] | undefined> => {
  let error = refusal;
  for (let delayMs = Math.min(firstRetryMs, settings.commitRetryMs); ;) {
    const code = error instanceof TempoliteError ? error.code : undefined;
    if (isStopped() || code === 'JOURNAL_FENCED' || code === 'JOURNAL_CLOSED') return undefined;
    const fields = { runId: commit.runId, error, retryInMs: delayMs };
    settings.logger.error(fields, 'the journal refused a commit; trying again');
    await new Promise((resolve) => setTimeout(resolve, delayMs));
    if (isStopped()) return undefined;
    delayMs = Math.min(delayMs * 2, settings.commitRetryMs);
    try {
      const stored = await storedOf(journal, commit);
      if (stored === 'others') return undefined;
      return stored ?? (await journal.commit(commit));
    } catch (again) {
      error = again;
    }
  }
};

/** The events of a commit as they are in the journal, if there are any in their place. A commit without events may be written twice. */
const storedOf = async (
  journal: Journal,
  { runId, link, events, transactions = [] }: RunCommit,
): Promise<readonly RunEvent[] | 'others' | undefined> => {
  const [first] = events;
  if (!first) return undefined;
  const stored = await journal.events(runId, link, first.seq, events.length);
  if (stored.length === 0) return undefined;
  // What came of the user's statements is known to the journal alone.
  const open = new Set(transactions.map(({ seq }) => seq));
  const isSame = (event: RunEvent, index: number): boolean =>
    open.has(event.seq) ? sameStep(event, events[index]) : isDeepStrictEqual(event, events[index]);
  return stored.length === events.length && stored.every(isSame) ? stored : 'others';
};

const sameStep = (event: RunEvent, other: RunEvent | undefined): boolean =>
  other !== undefined && 'key' in event && 'key' in other && event.key === other.key && event.batch === other.batch;
