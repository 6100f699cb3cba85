import { existsSync, readdirSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import test from 'ava';
import type { Observable } from 'rxjs';
import { awaitSignal, defineSignal, workflow } from '../../../../source/index.js';
import { openJournal } from '../../../../source/journal/libsql/open-journal.js';
import { engineOf } from '../../../_support/engine.js';
import { databaseOf, folderOf } from '../../../_support/files.js';
import { newRun, own } from '../../../_support/journals.js';

const go = defineSignal<string>('go');
const waits = workflow('waits', (text$: Observable<string>) =>
  text$.pipe(awaitSignal(go, (more, text) => text + more)),
);

test('a backup of a database at work is opened at once, and its runs go on there', async (t) => {
  const original = await engineOf(t, { workflows: [waits] });
  await original.tempolite.start(waits, 'a', { id: 'run' });
  await original.clock.settle();
  const path = join(folderOf(t), "it's a backup.db");

  await original.tempolite.backup(path);

  t.is(statSync(path).mode & 0o777, 0o600);
  const copy = await engineOf(t, { workflows: [waits], url: `file:${path}`, clock: original.clock });
  await copy.tempolite.run('run').signal(go, ' copy');
  t.is(await copy.clock.until(copy.tempolite.run('run').result()), 'a copy');
  t.is((await original.tempolite.list())[0]?.status, 'waiting');
});

test('a file that is there is not written over, and what fails leaves none', async (t) => {
  const { tempolite } = await engineOf(t, { workflows: [waits] });
  const folder = folderOf(t);
  const there = join(folder, 'there');
  writeFileSync(there, 'mine');

  await t.throwsAsync(tempolite.backup(there), { code: 'INVALID_ARGUMENT' });
  await t.throwsAsync(tempolite.backup(join(folder, 'nowhere', 'b.db')), { code: 'JOURNAL_FAILED' });

  t.deepEqual(readdirSync(folder), ['there']);
});

test('a database in memory can be backed up, too', async (t) => {
  const journal = await openJournal();
  t.teardown(() => journal.close());
  await journal.start(newRun('run'));
  const path = databaseOf(t);

  await journal.file?.backup(path);

  const copy = await openJournal({ url: `file:${path}` });
  t.teardown(() => copy.close());
  t.deepEqual(await copy.run('run'), await journal.run('run'));
});

test('fences go on growing in a backup', async (t) => {
  const journal = await openJournal({ url: `file:${databaseOf(t)}` });
  t.teardown(() => journal.close());
  const { fence } = await own(journal);
  const path = databaseOf(t);
  await journal.file?.backup(path);
  const copy = await openJournal({ url: `file:${path}` });
  t.teardown(() => copy.close());

  t.true((await own(copy)).fence > fence);
  t.false(existsSync(`${path}.partial`));
});

test('the event loop goes on while a file is copied and checked', async (t) => {
  const journal = await openJournal({ url: `file:${databaseOf(t)}` });
  t.teardown(() => journal.close());
  for (let n = 0; n < 200; n += 1)
    await journal.start(newRun(`run ${n}`, { input: JSON.stringify('x'.repeat(50_000)) }));
  let turns = 0;
  const count = (): void => {
    turns += 1;
    if (turns < 1_000_000 && !isDone) setImmediate(count);
  };
  let isDone = false;
  count();

  await journal.file?.backup(databaseOf(t));
  await journal.file?.damages(true);
  isDone = true;

  t.true(turns > 20, `${turns} turns`);
});
