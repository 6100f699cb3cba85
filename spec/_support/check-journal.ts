import { readHistory } from '../../source/journal/history.js';
import { openJournal, type JournalOptions } from '../../source/journal/libsql/open-journal.js';
import { checkHistory } from '../../source/run/check-history.js';

/** What is wrong with the journals of a closed database. */
export const faultsOf = async (url: string, options: JournalOptions = {}): Promise<readonly string[]> => {
  const journal = await openJournal({ ...options, url });
  const runs = await journal.runs({}, { limit: 100_000 });
  const faults: string[] = [];
  for (const run of runs) faults.push(...checkHistory(await readHistory(journal, run)));
  await journal.close();
  return faults;
};
