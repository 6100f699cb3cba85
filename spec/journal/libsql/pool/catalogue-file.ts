import { join } from 'node:path';
import test, { type ExecutionContext } from 'ava';
import { openCatalogue } from '../../../../source/journal/libsql/pool/open-catalogue.js';
import type { Catalogue } from '../../../../source/journal/pool/catalogue.js';
import { folderOf } from '../../../_support/folder.js';

const restMs = 4000;

/** Two processes' handles on a catalogue with so many files, entered at instant 0. */
const openTwo = async (t: ExecutionContext, files: number): Promise<readonly [Catalogue, Catalogue]> => {
  const path = join(folderOf(t), 'catalogue.db');
  const [one, two] = [
    await openCatalogue(path, 'files', {}, { restMs }),
    await openCatalogue(path, 'files', {}, { restMs }),
  ];
  t.teardown(() => Promise.all([one.close(), two.close()]));
  for (let number = 1; number <= files; number += 1) await one.enter({ number, location: `${number}.db` }, 0);
  return [one, two];
};

test('of two processes that enter the next file at once, one does', async (t) => {
  const [one, two] = await openTwo(t, 1);
  const file = { number: 2, location: '2.db' };

  const entered = await Promise.all([one.enter(file, 1), two.enter(file, 1)]);

  t.deepEqual([...entered].sort(), [false, true]);
  t.deepEqual(await one.files(), await two.files());
  t.false(await one.enter({ number: 4, location: '4.db' }, 1), 'numbers are dense');
  t.false(await one.enter({ number: 3, location: '1.db' }, 1), 'a database is entered once');
});

test('the route of an id stays where it was first', async (t) => {
  const [one, two] = await openTwo(t, 1);

  t.deepEqual(await one.place(['a', 'b'], 'newest', 0), [1, 1]);
  await two.enter({ number: 2, location: '2.db' }, 0);
  t.deepEqual(await one.place(['a', 'c'], 'newest', 0), [1, 2]);
  t.deepEqual(await two.place(['b', 'd'], 2, 0), [1, 2]);

  t.deepEqual(await Promise.all(['a', 'b', 'c', 'd', 'e'].map((id) => one.find(id))), [1, 1, 2, 2, undefined]);
});

test('a file is finished as it was read, unless somebody has held it since, and never the newest', async (t) => {
  const [one, two] = await openTwo(t, 2);
  const [first, newest] = await one.files();
  if (!first || !newest) return t.fail('there are two');

  await two.hold(1, restMs);
  t.false(await one.finish(first, 7), 'it was held');
  t.false(await one.finish(newest, 7));
  const [held = first] = await one.files();
  t.true(await one.finish(held, 7));
  t.like((await two.files())[0], { state: 'finished', last: 7 });
  t.false(await two.finish(held, 7), 'it is finished already');

  await two.place(['a'], 1, 2 * restMs);
  t.deepEqual((await one.files())[0], { ...first, state: 'open', heldAt: 2 * restMs, last: undefined });
});

test('a hold that is fresh is not written again', async (t) => {
  const [one] = await openTwo(t, 1);

  for (const now of [restMs, restMs * 1.2, restMs * 1.5]) await one.hold(1, now);

  t.is((await one.files())[0]?.heldAt, restMs * 1.5);
  await one.hold(1, restMs * 1.6);
  t.is((await one.files())[0]?.heldAt, restMs * 1.5);
});

test('a worker of a pool is known in the catalogue, and its fence grows', async (t) => {
  const [one, two] = await openTwo(t, 1);

  const first = await one.acquire({ id: 'first of the catalogue', leaseMs: 60_000 });
  const second = await two.acquire({ id: 'second of the catalogue', leaseMs: 60_000 });
  t.true(second.fence > first.fence);
  t.false(await two.expire());
  await one.release();

  t.true(await two.expire());
  await t.throwsAsync(one.renew(1), { code: 'JOURNAL_FENCED' });
});
