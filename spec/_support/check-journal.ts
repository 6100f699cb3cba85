import { readHistory } from '../../source/journal/history.js';
import { openJournal } from '../../source/journal/libsql/open-journal.js';
import { checkHistory } from '../../source/testing/check-history.js';

/** What is wrong with the journals of a closed database. */
export const faultsOf = async (url: string): Promise<readonly string[]> => {
  const journal = await openJournal({ url });
  const runs = await journal.runs({}, { limit: 100_000 });
  const faults: string[] = [];
  for (const run of runs) faults.push(...checkHistory(await readHistory(journal, run)));
  await journal.close();
  return faults;
};
