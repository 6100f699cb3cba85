import test from 'ava';
import { hostname } from 'node:os';
import Database from 'libsql';
import { JournalError } from '../../../source/errors.js';
import { Tempolite, workflow } from '../../../source/index.js';
import type { Journal } from '../../../source/journal/journal.js';
import { openJournal } from '../../../source/journal/libsql/open-journal.js';
import { newId } from '../../../source/values/ids.js';
import { startChild } from '../../_support/child.js';
import { databaseOf } from '../../_support/files.js';
import { output, seqsOf } from '../../_support/journals.js';

const acquire = (journal: Journal, now = Date.now()) => journal.acquire({ id: newId(), now, leaseMs: 1000 });

/** The row of a worker that nobody here knows. */
const leaveWorker = (path: string, host: string, pid: number, leaseUntil: number): void => {
  const database = new Database(path);
  database.exec(`INSERT INTO tempolite_workers VALUES ('stranger', 99, '${host}', ${pid}, ${leaseUntil})`);
  database.close();
};

test('a second living process is refused, and told who holds the database', async (t) => {
  const path = databaseOf(t);
  const child = startChild(t, './holder.js', path);
  t.is(await child.line(), 'held');
  const journal = await openJournal({ url: `file:${path}` });
  t.teardown(() => journal.close());

  const error = await t.throwsAsync(acquire(journal), { instanceOf: JournalError });

  t.is(error.code, 'DATABASE_IN_USE');
  t.regex(error.message, new RegExp(`process ${child.pid} on ${hostname()}`));
  t.deepEqual(await seqsOf(journal, 'left'), [0, 1, 2], 'it may still look');
});

test('an engine is refused as well, and leaves the file to the one that holds it', async (t) => {
  const path = databaseOf(t);
  const child = startChild(t, './holder.js', path);
  t.is(await child.line(), 'held');
  const echo = workflow<number, number>('echo', (n$) => n$);

  const error = await t.throwsAsync(Tempolite.open({ url: `file:${path}`, workflows: [echo] }), {
    instanceOf: JournalError,
  });

  t.is(error.code, 'DATABASE_IN_USE');
});

test('a process that was killed is taken over at once, however long its lease', async (t) => {
  const path = databaseOf(t);
  const child = startChild(t, './holder.js', path);
  t.is(await child.line(), 'held');
  const journal = await openJournal({ url: `file:${path}` });
  t.teardown(() => journal.close());

  await child.kill();
  const worker = await acquire(journal);

  t.is(worker.fence, 2);
  t.deepEqual(
    (await journal.claimable(Date.now(), ['order'], true)).map(({ id }) => id),
    ['left'],
  );
  await journal.commit({ runId: 'left', link: 0, events: [output(3)] });
  t.deepEqual(await seqsOf(journal, 'left'), [0, 1, 2, 3]);
});

test('a worker of another machine keeps the database until its lease is over', async (t) => {
  const path = databaseOf(t);
  const journal = await openJournal({ url: `file:${path}` });
  t.teardown(() => journal.close());
  leaveWorker(path, 'another-machine', 1, 5000);

  t.like(await t.throwsAsync(acquire(journal, 5000)), { code: 'DATABASE_IN_USE' });
  await t.notThrowsAsync(acquire(journal, 5001));
});

test('a predecessor with the same process id is not mistaken for this process', async (t) => {
  const path = databaseOf(t);
  const journal = await openJournal({ url: `file:${path}` });
  t.teardown(() => journal.close());
  leaveWorker(path, hostname(), process.pid, 8e15);

  await t.notThrowsAsync(acquire(journal));
});

test('the row of a process that runs keeps the database, whoever it is', async (t) => {
  const path = databaseOf(t);
  const journal = await openJournal({ url: `file:${path}` });
  t.teardown(() => journal.close());
  leaveWorker(path, hostname(), process.ppid, 8e15);

  t.like(await t.throwsAsync(acquire(journal)), { code: 'DATABASE_IN_USE' });
});

test('the fence grows over all processes and outlives them', async (t) => {
  const path = databaseOf(t);
  const fences: number[] = [];

  for (let life = 0; life < 3; life += 1) {
    const journal = await openJournal({ url: `file:${path}` });
    fences.push((await acquire(journal)).fence);
    if (life === 0) await journal.release();
    await journal.close();
  }

  t.deepEqual(fences, [1, 2, 3]);
});
