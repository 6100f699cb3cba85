import test from 'ava';
import { hostname } from 'node:os';
import Database from 'libsql';
import type { Journal } from '../../../source/journal/journal.js';
import { openJournal } from '../../../source/journal/libsql/open-journal.js';
import { newId } from '../../../source/values/ids.js';
import { startChild } from '../../_support/child.js';
import { databaseOf } from '../../_support/files.js';
import { newRun, output, seqsOf } from '../../_support/journals.js';

const acquire = (journal: Journal) => journal.acquire({ id: newId(), leaseMs: 60_000 });

const order = [{ name: 'order', version: 1 }];

/** The row of a worker that nobody here knows. */
const leaveWorker = (path: string, host: string, pid: number, leaseUntil: number): void => {
  const database = new Database(path);
  database.exec(`INSERT INTO tempolite_workers VALUES ('stranger', 99, '${host}', ${pid}, ${leaseUntil})`);
  database.close();
};

const workersOf = (path: string): readonly unknown[] => {
  const database = new Database(path);
  const rows = database.prepare('SELECT id FROM tempolite_workers ORDER BY id').raw(true).all();
  database.close();
  return rows.flat();
};

test('a living process keeps its runs', async (t) => {
  const path = databaseOf(t);
  const child = startChild(t, './holder.js', path);
  t.is(await child.line(), 'held');
  const journal = await openJournal({ url: `file:${path}` });
  t.teardown(() => journal.close());
  await acquire(journal);

  t.false(await journal.expire());
  t.is(await journal.claimRun('left'), undefined);
  t.deepEqual(await seqsOf(journal, 'left'), [0, 1, 2], 'it may still look');
});

test('a process that was killed is taken over at once, however long its lease', async (t) => {
  const path = databaseOf(t);
  const child = startChild(t, './holder.js', path);
  t.is(await child.line(), 'held');
  const journal = await openJournal({ url: `file:${path}` });
  t.teardown(() => journal.close());

  await child.kill();
  const worker = await acquire(journal);
  t.true(await journal.expire());

  t.is(worker.fence, 2);
  const claimed = await journal.claim({ now: Date.now(), workflows: order, limit: 10 });
  t.deepEqual(
    claimed.map(({ id }) => id),
    ['left'],
  );
  await journal.commit({ runId: 'left', link: 0, events: [output(3)] });
  t.deepEqual(await seqsOf(journal, 'left'), [0, 1, 2, 3]);
});

test('a worker of another machine keeps its runs until its lease is over', async (t) => {
  const path = databaseOf(t);
  const journal = await openJournal({ url: `file:${path}` });
  t.teardown(() => journal.close());
  await acquire(journal);
  leaveWorker(path, 'another-machine', 1, Date.now() + 60_000);
  t.false(await journal.expire());

  const database = new Database(path);
  database.exec(`UPDATE tempolite_workers SET lease_until = 1 WHERE id = 'stranger'`);
  database.close();

  t.true(await journal.expire());
  t.false(workersOf(path).includes('stranger'));
});

test('a predecessor with the same process id is not mistaken for this process', async (t) => {
  const path = databaseOf(t);
  const journal = await openJournal({ url: `file:${path}` });
  t.teardown(() => journal.close());
  await acquire(journal);
  leaveWorker(path, hostname(), process.pid, 8e15);

  t.true(await journal.expire());
});

test('the row of a process that runs stands, whoever it is', async (t) => {
  const path = databaseOf(t);
  const journal = await openJournal({ url: `file:${path}` });
  t.teardown(() => journal.close());
  await acquire(journal);
  leaveWorker(path, hostname(), process.ppid, 8e15);

  t.false(await journal.expire());
  t.true(workersOf(path).includes('stranger'));
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

test('of all connections to a file that of the first worker checkpoints', async (t) => {
  const path = databaseOf(t);
  const journals: Journal[] = [];
  for (const _ of ['guest', 'first', 'second']) journals.push(await openJournal({ url: `file:${path}` }));
  t.teardown(() => Promise.all(journals.map((journal) => journal.close())));
  const [guest, first, second] = journals as [Journal, Journal, Journal];
  await acquire(first);
  await acquire(second);
  const write = async (journal: Journal, name: string): Promise<void> => {
    for (let n = 0; n < 4; n += 1)
      await journal.start(newRun(`${name} ${n}`, { input: JSON.stringify(`${name} ${n} `.repeat(2 << 17)) }));
  };
  const { statSync } = await import('node:fs');
  const walMiB = (): number => statSync(`${path}-wal`).size / (1 << 20);

  await write(guest, 'guest');
  await write(second, 'second');
  t.true(walMiB() > 16, 'nobody has checkpointed');
  await write(first, 'first');
  const before = walMiB();
  await write(first, 'once more');

  t.is(walMiB(), before, 'the WAL was begun anew');
});
