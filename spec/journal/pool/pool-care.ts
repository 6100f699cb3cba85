import test from 'ava';
import type { ArchivedRun } from '../../../source/journal/archive.js';
import type { Journal } from '../../../source/journal/journal.js';
import { openJournal } from '../../../source/journal/libsql/open-journal.js';
import { PoolCare } from '../../../source/journal/pool/pool-care.js';
import { databaseOf } from '../../_support/files.js';
import { newRun } from '../../_support/journals.js';

const careOver = (journal: Journal | undefined): PoolCare =>
  new PoolCare((_, none, ask) => (journal ? ask(journal) : Promise.resolve(none)));

test('a run is archived from the file that it is in', async (t) => {
  const journal = await openJournal({ url: `file:${databaseOf(t)}` });
  t.teardown(() => journal.close());
  await journal.start(newRun('run'));

  const archived: readonly ArchivedRun[] = await careOver(journal).archive('run', false);

  t.is(archived.length, 1);
  t.deepEqual(await careOver(undefined).archive('run', false), []);
});

test('what goes through whole files is refused, and says what to do', async (t) => {
  const care = careOver(undefined);

  for (const asked of [care.pruneRuns(), care.pruneRows(), care.pruneBig(), care.restore()]) {
    await t.throwsAsync(asked, { code: 'UNSUPPORTED', message: /open one of its files by itself/ });
  }
});
