import type { ExecutionContext } from 'ava';
import type { Journal } from '../../../source/journal/journal.js';
import { openJournal } from '../../../source/journal/libsql/open-journal.js';
import { databaseOf } from '../../_support/files.js';
import { journalConformance } from '../conformance/suite.js';

const opened = async (t: ExecutionContext, url: string): Promise<Journal> => {
  const journal = await openJournal({ url });
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
