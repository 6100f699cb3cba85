import { TempoliteError } from '../errors.js';
import type { Journal, RunCommit } from '../journal/journal.js';
import type { Settings } from './options.js';

const firstRetryMs = 50;

/**
 * Commits until the database takes it: a full disk or a long lock delays a run, it never loses what has happened. Answers `false`
 * when it cannot be written by this worker any more: it was fenced, or has stopped.
 */
export const commitUntilTaken = async (
  journal: Journal,
  commit: RunCommit,
  settings: Settings,
  isStopped: () => boolean,
): Promise<boolean> => {
  for (let delayMs = firstRetryMs; ; delayMs = Math.min(delayMs * 2, settings.commitRetryMs)) {
    try {
      await journal.commit(commit);
      return true;
    } catch (error) {
      const code = error instanceof TempoliteError ? error.code : undefined;
      if (isStopped() || code === 'JOURNAL_FENCED' || code === 'JOURNAL_CLOSED') return false;
      settings.logger.error(
        { runId: commit.runId, error, retryInMs: delayMs },
        'the journal refused a commit; trying again',
      );
      await new Promise((resolve) => setTimeout(resolve, delayMs));
      if (isStopped()) return false;
    }
  }
};
