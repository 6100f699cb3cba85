import { readdirSync, readlinkSync } from 'node:fs';
import { join } from 'node:path';
import test, { type ExecutionContext } from 'ava';
import { Connection } from '../../../source/journal/libsql/connection.js';
import type { Journal } from '../../../source/journal/journal.js';
import { startOf, strandOf } from '../../../source/journal/strands.js';
import { folderOf } from '../../_support/folder.js';
import { newRun, output, own } from '../../_support/journals.js';
import { aFileForEach, poolOf } from '../../_support/pools.js';

const restMs = 100;

const quick = (t: ExecutionContext, folder: string): Promise<Journal> =>
  poolOf(t, { folder, ...aFileForEach, restMs, idleMs: 10 });

/** Ends a run with an event, so that nothing is left to be done for it. */
const end = async (journal: Journal, runId: string, seq = 1): Promise<void> => {
  const event = { type: 'run-completed', seq, batch: seq, epoch: 0, at: 1, index: 0 } as const;
  await journal.commit({ runId, link: 0, events: [event], status: { status: 'completed', at: 1 } });
};

/** Answers when the catalogue says so; each look lets the event loop turn. */
const until = async (holds: () => boolean | Promise<boolean>): Promise<void> => {
  while (!(await holds())) await new Promise((resolve) => setImmediate(resolve));
};

const statesIn = (folder: string): readonly unknown[] => {
  const connection = new Connection(join(folder, 'runs.catalogue.db'));
  const rows = connection.all('SELECT state FROM tempolite_pool_files ORDER BY number');
  connection.close();
  return rows.flat();
};

/** Files of the folder that this process has open. */
const openFiles = (folder: string): readonly string[] =>
  readdirSync('/proc/self/fd').flatMap((fd) => {
    try {
      const path = readlinkSync(`/proc/self/fd/${fd}`);
      return path.startsWith(folder) ? [path.slice(folder.length + 1)] : [];
    } catch {
      return [];
    }
  });

test('a file whose runs have ended is finished, one with a run in flight and the newest are not', async (t) => {
  const folder = folderOf(t);
  const journal = await quick(t, folder);
  await own(journal);
  for (const id of ['ended', 'in flight', 'asked', 'newest']) await journal.start(newRun(id));
  for (const id of ['ended', 'asked', 'newest']) await end(journal, id);
  await journal.request({ runId: 'asked', name: 'replay', payload: '{}', at: 1 }, ['completed']);

  await until(() => statesIn(folder).includes('finished'));

  t.deepEqual(statesIn(folder), ['finished', 'open', 'open', 'open']);
  t.deepEqual((await journal.strands?.('busy'))?.length, 3);
});

test('whoever writes to a finished file brings it back, and the others hear of it', async (t) => {
  const folder = folderOf(t);
  const [one, two] = [await quick(t, folder), await quick(t, folder)];
  const { id } = await own(one);
  await one.start(newRun('ended'));
  await end(one, 'ended');
  await one.start(newRun('newest'));
  await until(() => statesIn(folder)[0] === 'finished');
  await until(async () => (await two.strands?.('busy'))?.length === 1);
  const heard = new Promise<void>((resolve) => {
    one.subscribe((changes) => {
      if (changes.some(({ type }) => type === 'foreign')) resolve();
    });
  });

  const { id: letter } = await two.request({ runId: 'ended', name: 'replay', payload: '{}', at: 1 }, ['completed']);
  await heard;

  t.deepEqual(statesIn(folder), ['open', 'open']);
  await until(async () => (await one.news(startOf(1), 10)).length === 1);
  t.is((await one.news(startOf(1), 10))[0]?.letter.id, letter);
  t.is((await one.claimRun('ended'))?.worker, id);
});

test('what stands in a finished file is read without keeping it open', async (t) => {
  const folder = folderOf(t);
  const journal = await quick(t, folder);
  await own(journal);
  for (let n = 0; n < 30; n += 1) {
    await journal.start(newRun(`run ${n}`));
    await journal.commit({ runId: `run ${n}`, link: 0, events: [output(1)] });
    await end(journal, `run ${n}`, 2);
  }

  await until(() => statesIn(folder).filter((state) => state === 'finished').length === 29);
  // The catalogue and the newest one.
  await until(() => new Set(openFiles(folder).map((name) => name.split('-')[0])).size <= 2);
  const fds = openFiles(folder).length;

  t.is((await journal.runs({}, { limit: 100 })).length, 30);
  for (let n = 0; n < 30; n += 1) t.is((await journal.events(`run ${n}`, 0, 0, 10)).length, 3);
  const strands = (await journal.strands?.('all')) ?? [];
  for (const strand of strands) {
    const all = await journal.tail(startOf(strand), 10);
    t.deepEqual(
      all.map(({ position }) => strandOf(position)),
      [strand, strand, strand],
    );
    t.deepEqual(await journal.tail(all.at(-1)?.position ?? 0, 10), []);
  }
  await until(() => openFiles(folder).length <= fds);
  t.deepEqual((await journal.strands?.('busy'))?.length, 1, 'reading brings nothing back');
});
