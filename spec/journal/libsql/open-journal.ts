import test, { type ExecutionContext } from 'ava';
import { existsSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import Database from 'libsql';
import { JournalError } from '../../../source/errors.js';
import { openJournal } from '../../../source/journal/libsql/open-journal.js';
import { startChild } from '../../_support/child.js';
import { databaseOf, folderOf } from '../../_support/files.js';
import { newRun } from '../../_support/journals.js';

const openAt = async (t: ExecutionContext, url: string): Promise<void> => {
  const journal = await openJournal({ url });
  t.teardown(() => journal.close());
  await journal.start(newRun('run'));
};

test('a path and a file URL name the same file', async (t) => {
  const path = join(folderOf(t), 'with space & 100%.db');

  await openAt(t, `file:${path}`);
  const again = await openJournal({ url: pathToFileURL(path).href });
  t.teardown(() => again.close());

  t.is((await again.run('run'))?.id, 'run');
  t.true(existsSync(path));
});

test('without a url the journal is in memory, each its own', async (t) => {
  const [one, two] = [await openJournal(), await openJournal({ url: ':memory:' })];
  t.teardown(() => Promise.all([one.close(), two.close()]));

  await one.start(newRun('run'));

  t.is(await two.run('run'), undefined);
});

for (const url of ['orders.db', 'ftp://db.example.com?authToken=secret', 'libsql://?authToken=secret', 'file:', '']) {
  test(`the url '${url}' is refused`, async (t) => {
    const error = await t.throwsAsync(openJournal({ url }), { instanceOf: JournalError });

    t.is(error.code, 'UNSUPPORTED_URL');
    t.notRegex(error.message, /secret/);
  });
}

if (process.platform !== 'win32') {
  test('a new file is for its owner alone', async (t) => {
    const path = databaseOf(t);

    await openAt(t, `file:${path}`);

    t.is(statSync(path).mode & 0o777, 0o600);
  });
}

test('the file is in WAL mode, and a commit is on disk when it is acknowledged', async (t) => {
  const path = databaseOf(t);
  await openAt(t, `file:${path}`);

  const other = new Database(path);

  t.deepEqual(other.prepare('PRAGMA journal_mode').raw(true).all([]), [['wal']]);
  t.deepEqual(other.prepare('SELECT id FROM tempolite_runs').raw(true).all([]), [['run']]);
});

test('a file that is locked while it is opened is waited for without blocking', async (t) => {
  const path = databaseOf(t);
  const other = new Database(path);
  other.exec('BEGIN EXCLUSIVE');

  const opening = openJournal({ url: `file:${path}` });
  for (let turn = 0; turn < 50; turn += 1) await new Promise((resolve) => setImmediate(resolve));
  other.exec('ROLLBACK');

  const journal = await opening;
  await t.notThrowsAsync(journal.start(newRun('run')));
  await journal.close();
});

test('a file that stays locked is JOURNAL_BUSY', async (t) => {
  const path = databaseOf(t);
  const other = new Database(path);
  other.exec('BEGIN EXCLUSIVE');

  const error = await t.throwsAsync(openJournal({ url: `file:${path}`, busyTimeoutMs: 0 }), {
    instanceOf: JournalError,
  });

  t.is(error.code, 'JOURNAL_BUSY');
  other.exec('ROLLBACK');
});

test('several processes open a new file at the same time', async (t) => {
  const path = databaseOf(t);
  const children = Array.from({ length: 4 }, () => startChild(t, './opener.js', path));
  for (const child of children) t.is(await child.line(), 'ready');

  for (const child of children) child.tell('open');

  t.deepEqual(await Promise.all(children.map((child) => child.line())), Array(4).fill('opened'));
});
