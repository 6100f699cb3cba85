import test, { type ExecutionContext } from 'ava';
import Database from 'libsql';
import type { Journal } from '../../../source/journal/journal.js';
import { openJournal, type JournalOptions } from '../../../source/journal/libsql/open-journal.js';
import { databaseOf } from '../../_support/files.js';
import { newRun, output, own } from '../../_support/journals.js';
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

test('a commit that meets a lock keeps nobody from it later', async (t) => {
  const path = databaseOf(t);
  const journal = await openJournal({ url: `file:${path}` });
  t.teardown(() => journal.close());
  await own(journal);
  await journal.start(newRun('run', { status: 'running' }));
  const other = new Database(path);
  other.exec('BEGIN IMMEDIATE');

  const first = journal.commit({ runId: 'run', link: 0, events: [output(1)] });
  await new Promise((resolve) => setImmediate(resolve));
  // Written by itself once more, it would be the same statement; together with this one it is another.
  const second = journal.commit({ runId: 'run', link: 0, events: [output(2)] });
  other.exec('UPDATE tempolite_fences SET last = last; COMMIT');

  t.is((await first).length, 1);
  t.is((await second).length, 1);
  other.close();
});

test('a history with an event missing is read with each of the others once', async (t) => {
  const path = databaseOf(t);
  const journal = await opened(t, `file:${path}`);
  await own(journal);
  await journal.start(newRun('run', { status: 'running' }));
  const events = Array.from({ length: 29 }, (_, place) => output(place + 1));
  await journal.commit({ runId: 'run', link: 0, events });
  const database = new Database(path);
  database.exec('DELETE FROM tempolite_events WHERE seq = 7');
  database.close();

  const seqs = (await journal.events('run', 0, 0, 1000)).map(({ seq }) => seq);

  t.deepEqual(
    seqs,
    [...Array.from({ length: 30 }).keys()].filter((seq) => seq !== 7),
  );
});
