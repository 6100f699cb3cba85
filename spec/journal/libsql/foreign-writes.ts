import { existsSync } from 'node:fs';
import test, { type ExecutionContext } from 'ava';
import { ForeignWrites, versionOf } from '../../../source/journal/libsql/foreign-writes.js';
import { openJournal } from '../../../source/journal/libsql/open-journal.js';
import { opened } from '../../_support/connections.js';
import { deferred } from '../../_support/engine.js';
import { databaseOf } from '../../_support/files.js';
import { newRun } from '../../_support/journals.js';

const openAt = async (t: ExecutionContext, path: string) => {
  const journal = await openJournal({ url: `file:${path}` });
  t.teardown(() => journal.close());
  return journal;
};

test('what another connection commits is noticed, what one commits oneself is not', async (t) => {
  const path = databaseOf(t);
  const [one, other] = [await openAt(t, path), await openAt(t, path)];
  const notices = { one: 0, other: 0 };
  const noticed = deferred();
  one.subscribe((changes) => {
    if (changes.some(({ type }) => type === 'foreign')) notices.one += 1;
  });
  other.subscribe((changes) => {
    if (!changes.some(({ type }) => type === 'foreign')) return;
    notices.other += 1;
    noticed.resolve();
  });

  await one.start(newRun('run'));
  await noticed.promise;

  t.is((await other.run('run'))?.id, 'run');
  t.deepEqual(notices, { one: 0, other: 1 });
});

test('without a WAL to watch, the commits of others are noticed all the same', async (t) => {
  const path = databaseOf(t);
  const [mine, other] = [opened(t, path), opened(t, path)];
  other.exec('CREATE TABLE t (n INTEGER) STRICT');
  const nowhere = `${path}.elsewhere`;
  const noticed = deferred();
  const foreign = new ForeignWrites(nowhere, () => mine.all('PRAGMA data_version')[0]?.[0], noticed.resolve);
  t.teardown(() => {
    foreign.stop();
  });

  other.exec('INSERT INTO t VALUES (1)');
  // The sweep keeps no process alive.
  const alive = setInterval(() => undefined, 1000);
  await noticed.promise;
  clearInterval(alive);

  t.false(existsSync(`${nowhere}-wal`));
  t.deepEqual(mine.all('SELECT n FROM t'), [[1]]);
});

test('who commits all the time notices all the same what others commit', async (t) => {
  const path = databaseOf(t);
  const [busy, other] = [await openAt(t, path), await openAt(t, path)];
  let notices = 0;
  busy.subscribe((changes) => {
    if (changes.some(({ type }) => type === 'foreign')) notices += 1;
  });
  let commits = 0;
  const commitOn = async (isEnough: () => boolean): Promise<void> => {
    while (!isEnough()) await busy.start(newRun(`mine ${(commits += 1)}`));
  };

  // Long enough that its own changes are looked at as rarely as may be.
  await commitOn(() => commits >= 200);
  t.is(notices, 0);
  for (const n of [1, 2, 3]) {
    await other.start(newRun(`another's ${n}`));
    await commitOn(() => notices >= n);
  }

  t.is(notices, 3);
});

test('who alone commits all the time does not watch its own writes, and watches again when it has done', async (t) => {
  const path = databaseOf(t);
  const [mine, other] = [opened(t, path), opened(t, path)];
  mine.exec('PRAGMA journal_mode = WAL');
  mine.exec('CREATE TABLE t (n INTEGER) STRICT');
  const alive = setInterval(() => undefined, 1000);
  let notices = 0;
  const foreign = new ForeignWrites(
    path,
    () => versionOf(mine),
    () => {
      notices += 1;
    },
  );
  t.teardown(() => {
    clearInterval(alive);
    foreign.stop();
  });
  const round = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));
  const commitUntil = async (isEnough: () => boolean): Promise<void> => {
    while (!isEnough()) {
      mine.exec('INSERT INTO t VALUES (1)');
      foreign.committed();
      await round();
    }
  };
  const isWatching = (): boolean => foreign.watches;
  const isNot = (): boolean => !foreign.watches;

  t.true(isWatching());
  for (let n = 1; n <= 3; n += 1) {
    await commitUntil(isNot);
    other.exec('INSERT INTO t VALUES (2)');
    await commitUntil(() => notices === 2 * n - 1);
    await commitUntil(isWatching);

    await commitUntil(isNot);
    while (isNot()) await round();
    other.exec('INSERT INTO t VALUES (3)');
    while (notices < 2 * n) await round();
  }
  t.is(notices, 6);
});
