import test, { type ExecutionContext } from 'ava';
import Database from 'libsql';
import { JournalError } from '../../../source/errors.js';
import { Connection } from '../../../source/journal/libsql/connection.js';
import { GroupCommit, type GroupCommitOptions } from '../../../source/journal/libsql/group-commit.js';
import { openJournal } from '../../../source/journal/libsql/open-journal.js';
import { databaseOf } from '../../_support/files.js';
import { newRun, output, own, seqsOf } from '../../_support/journals.js';

const nothing = (): void => undefined;

/** A group over a table of its own, another connection to the same file, and what was committed how often. */
const bench = (t: ExecutionContext, options: GroupCommitOptions = {}) => {
  const path = databaseOf(t);
  const connection = new Connection(path);
  connection.all('PRAGMA journal_mode = WAL');
  connection.exec('CREATE TABLE rows (n INTEGER NOT NULL UNIQUE) STRICT');
  const other = new Connection(path);
  t.teardown(() => {
    connection.close();
    other.close();
  });
  const hooks = { committed: nothing };
  const counts = { commits: 0 };
  const group = new GroupCommit(connection, options, {
    written: nothing,
    committed: () => {
      counts.commits += 1;
      hooks.committed();
    },
    rolledBack: nothing,
  });
  return {
    group,
    other,
    counts,
    hooks,
    add: (n: number): Promise<number> =>
      group.add(1, () => connection.run('INSERT INTO rows VALUES (?)', [BigInt(n)]).lastInsertRowid),
    written: (): readonly unknown[] => other.all('SELECT n FROM rows ORDER BY rowid').map(([n]) => n),
    version: (): number => Number(other.all('PRAGMA data_version')[0]?.[0]),
  };
};

/** Lets the event loop turn: timers, immediates, everything. */
const turns = async (count: number): Promise<void> => {
  for (let turn = 0; turn < count; turn += 1) await new Promise((resolve) => setImmediate(resolve));
};

const numbers = (from: number, to: number): readonly number[] =>
  Array.from({ length: to - from + 1 }, (_, index) => from + index);

test('everything that is asked for in one tick is one commit, in the order of asking', async (t) => {
  const { add, counts, written, version } = bench(t);
  const before = version();

  await Promise.all(numbers(1, 500).map(add));

  t.is(counts.commits, 1);
  t.not(version(), before);
  t.deepEqual(written(), numbers(1, 500));
});

test('many appends of many runs in one tick are one notice', async (t) => {
  const journal = await openJournal({ url: `file:${databaseOf(t)}` });
  t.teardown(() => journal.close());
  await own(journal);
  let notices = 0;
  journal.subscribe(() => {
    notices += 1;
  });

  await Promise.all(
    numbers(1, 40).flatMap((n) => [
      journal.start(newRun(`run ${n}`)),
      journal.commit({ runId: `run ${n}`, link: 0, events: [output(1), output(2)] }),
      journal.signal({ runId: `run ${n}`, name: 's', payload: '1', at: 1 }),
    ]),
  );

  t.is(notices, 1);
  t.deepEqual(await seqsOf(journal, 'run 40'), [0, 1, 2]);
});

test('a commit has an end: more rows than the limit are several, in order', async (t) => {
  const { add, counts, written } = bench(t, { maxRowsPerCommit: 10 });

  await Promise.all(numbers(1, 35).map(add));

  t.is(counts.commits, 4);
  t.deepEqual(written(), numbers(1, 35));
});

test('the event loop turns between two commits', async (t) => {
  const { add, counts } = bench(t, { maxRowsPerCommit: 1 });
  const seen: number[] = [];
  const look = (): void => {
    seen.push(counts.commits);
    if (counts.commits < 5) setImmediate(look);
  };

  const all = Promise.all(numbers(1, 5).map(add));
  setImmediate(look);
  await all;

  t.true(seen.includes(1) && seen.includes(2) && seen.includes(3), seen.join());
});

test('one piece that is larger than the limit is written all the same', async (t) => {
  const { group, counts } = bench(t, { maxRowsPerCommit: 10 });

  t.is(await group.add(1000, () => 'large'), 'large');
  t.is(counts.commits, 1);
});

test('a bad row fails alone; its neighbours keep their order', async (t) => {
  const { add, written } = bench(t);
  await add(3);

  const answers = await Promise.allSettled(numbers(1, 5).map(add));

  t.deepEqual(
    answers.map(({ status }) => status),
    ['fulfilled', 'fulfilled', 'rejected', 'fulfilled', 'fulfilled'],
  );
  t.like(answers[2], { reason: { code: 'JOURNAL_FAILED' } });
  t.deepEqual(written(), [3, 1, 2, 4, 5]);
});

test('a locked database is tried again, and the event loop goes on meanwhile', async (t) => {
  const { add, other, written } = bench(t);
  other.exec('BEGIN IMMEDIATE');
  other.run('INSERT INTO rows VALUES (?)', [0n]);

  const asked = Promise.all(numbers(1, 3).map(add));
  await turns(200);
  t.deepEqual(written(), [0]);
  // This very thread holds the lock: had the group waited for it by sleeping, this line would never have been reached.
  other.exec('COMMIT');

  await asked;
  t.deepEqual(written(), [0, 1, 2, 3]);
});

test('what is asked for while the database is locked comes after what was asked for before', async (t) => {
  const { add, other, counts, written } = bench(t);
  other.exec('BEGIN IMMEDIATE');
  const asked = [add(1), add(2)];
  await turns(5);
  asked.push(add(3));
  await turns(5);
  other.exec('ROLLBACK');

  await Promise.all(asked);

  t.deepEqual(written(), [1, 2, 3]);
  t.is(counts.commits, 1);
});

test('a lock that comes while a group is written one by one keeps the order', async (t) => {
  const { add, other, hooks, written } = bench(t);
  await add(0);
  // The bad row makes the group fall apart; after the first single commit another process takes the lock.
  hooks.committed = () => {
    hooks.committed = nothing;
    other.exec('BEGIN IMMEDIATE');
  };
  const asked = Promise.allSettled([1, 0, 2, 3, 4].map(add));
  await turns(20);
  t.deepEqual(written(), [0, 1]);

  other.exec('ROLLBACK');

  t.deepEqual(
    (await asked).map(({ status }) => status),
    ['fulfilled', 'rejected', 'fulfilled', 'fulfilled', 'fulfilled'],
  );
  t.deepEqual(written(), [0, 1, 2, 3, 4]);
});

test('a lock that does not go away is JOURNAL_BUSY, and nothing is written', async (t) => {
  const { add, other, written } = bench(t, { busyTimeoutMs: 0 });
  other.exec('BEGIN IMMEDIATE');

  const error = await t.throwsAsync(add(1), { instanceOf: JournalError });

  t.is(error.code, 'JOURNAL_BUSY');
  other.exec('ROLLBACK');
  await add(2);
  t.deepEqual(written(), [2]);
});

test('draining answers when everything is written or refused, locked or not', async (t) => {
  const { add, group, other, written } = bench(t);
  await group.drain();
  other.exec('BEGIN IMMEDIATE');
  const asked = Promise.allSettled([1, 1, 2].map(add));
  let drained = false;
  const draining = group.drain().then(() => {
    drained = true;
  });
  await turns(20);
  t.false(drained);

  other.exec('ROLLBACK');
  await draining;

  t.deepEqual(written(), [1, 2]);
  await asked;
});

test('a commit that readers of the same file watch is visible when its promise settles', async (t) => {
  const { add, written } = bench(t);

  await add(1);

  t.deepEqual(written(), [1]);
});

test('the driver itself never waits for a lock', (t) => {
  const path = databaseOf(t);
  const holder = new Database(path);
  holder.exec('BEGIN EXCLUSIVE');
  const connection = new Connection(path);

  const error: unknown = t.throws(
    () => {
      connection.exec('BEGIN IMMEDIATE');
    },
    { any: true },
  );

  t.like(error, { code: 'SQLITE_BUSY' });
  holder.exec('ROLLBACK');
  connection.close();
});
