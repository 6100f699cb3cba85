import { join } from 'node:path';
import test, { type ExecutionContext } from 'ava';
import type { Journal } from '../../../source/journal/journal.js';
import { openPool } from '../../../source/journal/libsql/pool/open-pool.js';
import { strandOf } from '../../../source/journal/strands.js';
import { folderOf } from '../../_support/folder.js';
import { hrana } from '../../_support/hrana/open.js';
import { newRun, output, own, seqsOf, tailOf } from '../../_support/journals.js';
import { aFileForEach, poolOf, shardsOf } from '../../_support/pools.js';
import { journalConformance } from '../conformance/suite.js';

journalConformance({
  name: 'pool, a file for each run',
  pool: 'many files',
  open: (t) => poolOf(t, aFileForEach),
  openTwo: async (t) => {
    const folder = folderOf(t);
    return [await poolOf(t, { folder, ...aFileForEach }), await poolOf(t, { folder, ...aFileForEach })];
  },
});

journalConformance({
  name: 'pool, one file',
  pool: 'one file',
  open: (t) => poolOf(t, { maxFileSize: 2 ** 30 }),
  openTwo: async (t) => {
    const folder = folderOf(t);
    return [await poolOf(t, { folder, maxFileSize: 2 ** 30 }), await poolOf(t, { folder, maxFileSize: 2 ** 30 })];
  },
});

journalConformance({
  name: 'shard',
  pool: 'one file',
  open: (t) => shardsOf(t, 1),
  openTwo: async (t) => {
    const folder = folderOf(t);
    return [await shardsOf(t, 1, folder), await shardsOf(t, 1, folder)];
  },
});

/** Two servers, each with a database. */
const overServers = async (t: ExecutionContext, handles: number): Promise<readonly Journal[]> => {
  const servers = [await hrana(t), await hrana(t)];
  const catalogue = `file:${join(folderOf(t), 'catalogue.db')}`;
  const journals: Journal[] = [];
  for (let n = 0; n < handles; n += 1) {
    const journal = await openPool({ shards: servers.map(({ http }) => http), catalogue });
    t.teardown(() => journal.close());
    journals.push(journal);
  }
  return journals;
};

test('shards of servers take runs, letters and workers as files do', async (t) => {
  const [one, two] = await overServers(t, 2);
  if (!one || !two) return t.fail('there are two');
  const workflows = [{ name: 'order', version: 1 }];
  for (let n = 0; n < 20; n += 1) await one.start(newRun(`run ${n}`, { priority: n }));
  await own(two);

  const claimed = await two.claim({ now: 1, workflows, limit: 5 });
  const { signal } = await one.signal({ runId: 'run 19', name: 's', payload: '1', at: 1 });
  await two.commit({ runId: 'run 19', link: 0, events: [output(1)], consumed: [signal.id] });

  t.deepEqual(
    claimed.map(({ id }) => id),
    ['run 19', 'run 18', 'run 17', 'run 16', 'run 15'],
  );
  t.deepEqual(await seqsOf(one, 'run 19'), [0, 1]);
  t.false(await one.isUnread(signal.id));
  const events = await tailOf(one);
  t.is(events.length, 21);
  t.deepEqual([...new Set(events.map(({ position }) => strandOf(position)))], [1, 2]);
  t.deepEqual(
    (await one.runs({}, { limit: 100 })).map(({ id }) => id).sort(),
    (await two.runs({}, { limit: 100 })).map(({ id }) => id).sort(),
  );
});
