import { isDeepStrictEqual } from 'node:util';
import { TempoliteError } from '../errors.js';
import type { Journal, RunCommit } from '../journal/journal.js';
import type { Settings } from './options.js';

const firstRetryMs = 50;

/**
 * Commits until the database takes it: a full disk or a long lock delays a run, it never loses what has happened. A refusal may
 * hide a commit whose acknowledgement was lost: before it is tried again, what is stored is read back. Answers `false` when it
 * cannot be written by this worker any more: it was fenced, or has stopped.
 */
export const commitUntilTaken = async (
  journal: Journal,
  commit: RunCommit,
  settings: Settings,
  isStopped: () => boolean,
): Promise<boolean> => {
  let refused = false;
  for (let delayMs = Math.min(firstRetryMs, settings.commitRetryMs); ;) {
    try {
      if (refused && (await isStored(journal, commit))) return true;
      await journal.commit(commit);
      return true;
    } catch (error) {
      refused = true;
      const code = error instanceof TempoliteError ? error.code : undefined;
      if (isStopped() || code === 'JOURNAL_FENCED' || code === 'JOURNAL_CLOSED') return false;
      settings.logger.error(
        { runId: commit.runId, error, retryInMs: delayMs },
        'the journal refused a commit; trying again',
      );
      await new Promise((resolve) => setTimeout(resolve, delayMs));
      if (isStopped()) return false;
      delayMs = Math.min(delayMs * 2, settings.commitRetryMs);
    }
  }
};

/** Whether the events of a commit are in the journal. A status alone may be written twice. */
const isStored = async (journal: Journal, { runId, link, events }: RunCommit): Promise<boolean> => {
  const [first] = events;
  if (!first) return false;
  const stored = await journal.events(runId, link, first.seq, events.length);
  return stored.length === events.length && stored.every((event, index) => isDeepStrictEqual(event, events[index]));
};
