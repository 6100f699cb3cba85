import type { ExecutionContext } from 'ava';
import type { Journal } from '../../../source/journal/journal.js';
import { openJournal, type JournalOptions } from '../../../source/journal/libsql/open-journal.js';
import { databaseOf } from '../../_support/files.js';
import { sealed } from '../../_support/sealed.js';
import { journalConformance } from '../conformance/suite.js';

const opened = async (t: ExecutionContext, url: string, options: JournalOptions = {}): Promise<Journal> => {
  const journal = await openJournal({ ...options, url });
  t.teardown(() => journal.close());
  return journal;
};

journalConformance({ name: 'memory', open: (t) => opened(t, ':memory:') });

journalConformance({
  name: 'file',
  open: (t) => opened(t, `file:${databaseOf(t)}`),
  openTwo: async (t) => {
    const url = `file:${databaseOf(t)}`;
    return [await opened(t, url), await opened(t, url)];
  },
});

journalConformance({
  name: 'sealed file',
  open: (t) => opened(t, `file:${databaseOf(t)}`, sealed()),
  openTwo: async (t) => {
    const url = `file:${databaseOf(t)}`;
    return [await opened(t, url, sealed()), await opened(t, url, sealed())];
  },
});
