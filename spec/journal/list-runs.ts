import test from 'ava';
import { listRuns } from '../../source/journal/list-runs.js';
import { openJournal } from '../../source/journal/libsql/open-journal.js';
import { newRun } from '../_support/journals.js';

test('runs are listed in pages, oldest first, and no more than asked for', async (t) => {
  const ids = Array.from({ length: 501 }, (_, n) => `run ${n}`);
  const journal = await openJournal({ url: ':memory:' });
  t.teardown(() => journal.close());
  await Promise.all(ids.map((id) => journal.start(newRun(id))));

  t.deepEqual(
    (await listRuns(journal, {})).map(({ id }) => id),
    ids,
  );
  t.deepEqual(
    (await listRuns(journal, {}, 2)).map(({ id }) => id),
    ids.slice(0, 2),
  );
});
