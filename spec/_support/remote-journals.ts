import type { ExecutionContext } from 'ava';
import type { Journal } from '../../source/journal/journal.js';
import { openJournal, type JournalOptions } from '../../source/journal/libsql/open-journal.js';

/** A journal that is closed when the test is over. */
export const openedAt = async (
  t: ExecutionContext,
  url: string,
  options: Omit<JournalOptions, 'url'> = {},
): Promise<Journal> => {
  const journal = await openJournal({ url, ...options });
  t.teardown(() => journal.close());
  return journal;
};
