import { openJournal } from '../source/journal/libsql/open-journal.js';
import type { Journal } from '../source/journal/journal.js';

export interface Counts {
  /** Transactions, by the notices that each of them gives. */
  commits: number;
  reads: number;
}

const readings = ['run', 'runs', 'events', 'lastOutput', 'tail', 'inbox', 'claim', 'nextWake'] as const;

/** A journal that counts what is asked of it. */
export const countingJournal = async (url: string): Promise<{ journal: Journal; counts: Counts }> => {
  const journal = await openJournal({ url });
  const counts: Counts = { commits: 0, reads: 0 };
  journal.subscribe(() => {
    counts.commits += 1;
  });
  for (const name of readings) {
    const read = journal[name].bind(journal) as (...args: unknown[]) => Promise<never>;
    Object.assign(journal, {
      [name]: (...args: unknown[]) => {
        counts.reads += 1;
        return read(...args);
      },
    });
  }
  return { journal, counts };
};
