import { existsSync, readdirSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import test from 'ava';
import { TempoliteError } from '../../../../source/errors.js';
import { Connection } from '../../../../source/journal/libsql/connection.js';
import { openJournal } from '../../../../source/journal/libsql/open-journal.js';
import { openPool } from '../../../../source/journal/libsql/pool/open-pool.js';
import { startOf, strandOf } from '../../../../source/journal/strands.js';
import { folderOf } from '../../../_support/folder.js';
import { newRun, own } from '../../../_support/journals.js';
import { aFileForEach, poolOf } from '../../../_support/pools.js';

const odd: readonly [what: string, options: Record<string, unknown>][] = [
  ['no name', { name: '' }],
  ['a name that leads out of the folder', { name: '../runs' }],
  ['no folder', { folder: '' }],
  ['a size that is none', { maxFileSize: NaN }],
  ['a size of nothing', { maxFileSize: 0 }],
  ['no pages', { maxPages: 0 }],
  ['no time to rest', { restMs: 0 }],
];
for (const [what, options] of odd) {
  test(`${what} is refused before a file is touched`, async (t) => {
    const folder = join(folderOf(t), 'pool');

    const opening = openPool({ folder, name: 'runs', ...options });

    t.is((await t.throwsAsync(opening, { instanceOf: TempoliteError })).code, 'INVALID_ARGUMENT');
    t.false(existsSync(folder));
  });
}

test('shards are several databases, each of them once', async (t) => {
  const folder = folderOf(t);
  const catalogue = `file:${join(folder, 'catalogue.db')}`;
  const one = `file:${join(folder, 'one.db')}`;

  await t.throwsAsync(openPool({ shards: [], catalogue }), { code: 'INVALID_ARGUMENT' });
  await t.throwsAsync(openPool({ shards: [one, one], catalogue }), { code: 'INVALID_ARGUMENT' });
  await t.throwsAsync(openPool({ shards: ['orders.db'], catalogue }), { code: 'UNSUPPORTED_URL' });
  t.deepEqual(readdirSync(folder), []);
});

test('a database with runs of its own is no shard, and stays as it is', async (t) => {
  const folder = folderOf(t);
  const [url, catalogue] = [`file:${join(folder, 'own.db')}`, `file:${join(folder, 'catalogue.db')}`];
  const journal = await openJournal({ url });
  await journal.start(newRun('own'));
  await journal.close();

  await t.throwsAsync(openPool({ shards: [url], catalogue }), { code: 'NOT_ON_A_POOL' });

  const again = await openJournal({ url });
  t.is((await again.tail(0, 10))[0]?.position, 1);
  await again.close();
});

test('the catalogue of one kind of pool is not that of the other', async (t) => {
  const folder = folderOf(t);
  await (await poolOf(t, { folder })).close();

  const opening = openPool({
    shards: [`file:${join(folder, 'shard.db')}`],
    catalogue: `file:${join(folder, 'runs.catalogue.db')}`,
  });

  await t.throwsAsync(opening, { code: 'INVALID_ARGUMENT' });
});

test('a catalogue of a newer release is refused untouched', async (t) => {
  const folder = folderOf(t);
  await (await poolOf(t, { folder })).close();
  const connection = new Connection(join(folder, 'runs.catalogue.db'));
  connection.run('UPDATE tempolite_pool SET version = 99');
  connection.close();

  await t.throwsAsync(openPool({ folder, name: 'runs' }), { code: 'JOURNAL_NEWER' });
});

test('a file that is lost is not made anew: what was in it is missed', async (t) => {
  const folder = folderOf(t);
  const journal = await poolOf(t, { folder, ...aFileForEach });
  await journal.start(newRun('lost'));
  await journal.start(newRun('kept'));
  await journal.close();
  const [lost = ''] = readdirSync(folder).filter((name) => /^runs\.\d+\.db$/.test(name));
  rmSync(join(folder, lost));

  const opening = openPool({ folder, name: 'runs' });

  t.regex(String(await t.throwsAsync(opening, { code: 'JOURNAL_FAILED' })), /not there: .*runs\.000001\.db/);
  t.false(existsSync(join(folder, lost)));
});

test('a limit of bytes or of pages is what a file has room for, its WAL included', async (t) => {
  for (const limit of [{ maxFileSize: 300_000 }, { maxFileSize: 2 ** 40, maxPages: 60 }]) {
    const folder = folderOf(t);
    const journal = await poolOf(t, { folder, ...limit });
    const input = JSON.stringify('x'.repeat(10_000));
    for (let n = 0; n < 60; n += 1) await journal.start(newRun(`run ${n}`, { input }));

    const strands = (await journal.strands?.('all')) ?? [];
    const counts: number[] = [];
    for (const strand of strands) {
      const events = await journal.tail(startOf(strand), 1000);
      counts.push(events.length);
      t.true(events.every(({ position }) => strandOf(position) === strand));
    }

    t.true(strands.length >= 3 && strands.length <= 30, `${strands.length} files`);
    t.is(
      counts.reduce((sum, count) => sum + count, 0),
      60,
    );
  }
});

test('a file of a pool is a database like any other', async (t) => {
  const folder = folderOf(t);
  const journal = await poolOf(t, { folder, ...aFileForEach });
  await own(journal);
  await journal.start(newRun('a'));
  await journal.start(newRun('b'));
  const { signal } = await journal.signal({ runId: 'b', name: 's', payload: '1', at: 1 });
  await journal.close();

  const alone = await openJournal({ url: `file:${join(folder, 'runs.000002.db')}` });
  t.teardown(() => alone.close());

  t.is(strandOf(signal.id), 2);
  t.deepEqual((await alone.inbox('b')).signals, [signal]);
  t.deepEqual(
    (await alone.runs({}, { limit: 10 })).map(({ id }) => id),
    ['b'],
  );
});
