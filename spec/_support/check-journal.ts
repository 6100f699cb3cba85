import { readEvents } from '../../source/journal/history.js';
import { openJournal, type JournalOptions } from '../../source/journal/libsql/open-journal.js';
import { checkFences, checkLink } from '../../source/run/check-history.js';
import { seenFences } from './watch-fences.js';

/** What is wrong with the journals of a closed database, each link of each run, and with the fences of its workers if somebody has watched them. */
export const faultsOf = async (url: string, options: JournalOptions = {}): Promise<readonly string[]> => {
  const journal = await openJournal({ ...options, url });
  const runs = await journal.runs({}, { limit: 100_000 });
  const faults: string[] = [];
  for (const run of runs) {
    for (let link = 0; link <= run.link; link += 1)
      faults.push(...checkLink(run, link, await readEvents(journal, run.id, link)));
  }
  await journal.close();
  const [ofWorkers = [], ...ofRuns] = seenFences(url);
  return [...faults, ...checkFences(ofWorkers), ...ofRuns.flatMap((fences) => checkFences(withoutRepeats(fences)))];
};

/** A worker appends many times with its one fence. */
const withoutRepeats = (fences: readonly number[]): readonly number[] =>
  fences.filter((fence, place) => fence !== fences[place - 1]);
