import test from 'ava';
import Database from 'libsql';
import { map, type Observable } from 'rxjs';
import {
  activity,
  awaitSignal,
  childWorkflow,
  defineSignal,
  workflow,
  type PruneProgress,
} from '../../source/index.js';
import { openJournal } from '../../source/journal/libsql/open-journal.js';
import { own } from '../_support/journals.js';
import { engineOf } from '../_support/engine.js';
import { lifeOf } from '../_support/life.js';

const go = defineSignal<number>('go');
const short = workflow('short', (n$: Observable<number>) =>
  n$.pipe(activity('text', (n: number) => String(n).repeat(20_000))),
);
const fails = workflow('fails', (n$: Observable<number>) =>
  n$.pipe(
    map((): number => {
      throw new Error('no');
    }),
  ),
);
const waits = workflow('waits', (n$: Observable<number>) => n$.pipe(awaitSignal(go)));
const family = workflow('family', (n$: Observable<number>) => n$.pipe(childWorkflow(short), awaitSignal(go)));
const workflows = [short, fails, waits, family];

const count = (url: string, table: string): number => {
  const database = new Database(url.slice('file:'.length), { timeout: 5000 });
  const [found] = database.prepare(`SELECT count(*) FROM ${table}`).raw(true).all([]).flat();
  database.close();
  return Number(found);
};

test('what has ended goes, what is open or has failed stays, and progress is told', async (t) => {
  const { tempolite, clock, url } = await engineOf(t, { workflows });
  for (let n = 0; n < 150; n += 1) await clock.until((await tempolite.start(short, n)).result());
  await clock.until((await tempolite.start(fails, 1, { id: 'failed' })).resultEither()());
  const open = await tempolite.start(waits, 1, { id: 'open' });
  await clock.settle();
  const told: PruneProgress[] = [];

  const progress = await tempolite.prune({ onProgress: (each) => told.push(each) });

  t.is(progress.runs, 150);
  t.is(progress.rows, 150 * 4);
  t.deepEqual(told.at(-1), progress);
  t.true(told.length >= 4, 'in more than one transaction');
  t.deepEqual(
    (await tempolite.list()).map(({ id }) => id),
    ['failed', 'open'],
  );
  t.is(count(url, 'tempolite_events'), 3);
  await open.signal(go, 1);
  t.is(await clock.until(open.result()), 1);
  t.like(await tempolite.prune({ status: 'failed' }), { runs: 1 });
});

test('age, number and limit are kept', async (t) => {
  const engine = await lifeOf(t, { workflows });
  const { tempolite } = engine;
  for (const id of ['a', 'b', 'c', 'd']) {
    await (await engine.start(short, 1, { id })).result();
    await engine.advance('1 day');
  }
  const ids = async () => (await tempolite.list()).map(({ id }) => id);

  t.like(await tempolite.prune({ olderThan: '5 days' }), { runs: 0 });
  t.like(await tempolite.prune({ olderThan: '3 days', limit: 1 }), { runs: 1 });
  t.deepEqual(await ids(), ['b', 'c', 'd']);
  t.like(await tempolite.prune({ olderThan: '2 days', limit: 1 }), { runs: 1 });
  t.like(await tempolite.prune({ keep: 1 }), { runs: 1 });
  t.deepEqual(await ids(), ['d']);
});

test('a child of an open run stays with it, and goes with it', async (t) => {
  const { tempolite, clock } = await engineOf(t, { workflows });
  const run = await tempolite.start(family, 1, { id: 'run' });
  await clock.settle();
  t.is((await tempolite.list({ status: 'completed' })).length, 1);

  t.like(await tempolite.prune(), { runs: 0 });
  await run.signal(go, 1);
  await clock.until(run.result());

  t.like(await tempolite.prune(), { runs: 2 });
  t.deepEqual(await tempolite.list(), []);
});

test('what a process did not come to when it was killed is deleted by the next one', async (t) => {
  const first = await engineOf(t, { workflows });
  await first.clock.until((await first.tempolite.start(short, 1)).result());
  await first.tempolite.close();
  const journal = await openJournal({ url: first.url });
  await own(journal);
  await journal.care.pruneRuns(
    { statuses: ['completed'], endedBefore: Number.MAX_SAFE_INTEGER, keep: 0 },
    { after: 0, limit: 9 },
  );
  await journal.release();
  await journal.close();
  t.is(count(first.url, 'tempolite_events'), 4);

  const { tempolite } = await engineOf(t, { workflows, url: first.url });

  t.like(await tempolite.prune(), { runs: 0, rows: 4 });
  t.is(count(first.url, 'tempolite_events'), 0);
  t.is(count(first.url, 'tempolite_pruned'), 0);
});

test('big payloads that nobody refers to any more go, those of others stay', async (t) => {
  const { tempolite, clock, url } = await engineOf(t, { workflows, bigPayloadBytes: 10_000 });
  await clock.until((await tempolite.start(short, 1)).result());
  await clock.until((await tempolite.start(short, 2)).result());
  await tempolite.start(family, 2);
  await clock.settle();
  t.is(count(url, 'tempolite_big_payloads'), 3);

  t.like(await tempolite.prune(), { runs: 2, bigPayloads: 1 });

  t.is(count(url, 'tempolite_big_payloads'), 2);
});

test('the file gets smaller', async (t) => {
  const { tempolite, clock, url } = await engineOf(t, { workflows });
  for (let n = 0; n < 50; n += 1) await clock.until((await tempolite.start(short, n)).result());
  const pages = (): number =>
    count(url, 'pragma_page_count, generate_series(1, (SELECT page_count FROM pragma_page_count))');
  const before = pages();

  await tempolite.prune();

  const after = pages();
  t.true(after < before / 4, `${after} of ${before}`);
});

test('a file of an earlier release is written anew when that is asked for', async (t) => {
  const { tempolite, clock, url } = await engineOf(t, { workflows });
  for (let n = 0; n < 20; n += 1) await clock.until((await tempolite.start(short, n)).result());
  await tempolite.prune({ space: 'keep' });
  const free = (): number =>
    count(url, 'pragma_freelist_count, generate_series(1, (SELECT freelist_count FROM pragma_freelist_count))');
  t.true(free() > 50);

  await tempolite.prune({ space: 'rewrite' });

  t.is(free(), 0);
  const run = await tempolite.start(short, 1);
  t.truthy(await clock.until(run.result()));
});

test('options that are none are refused', async (t) => {
  const { tempolite } = await engineOf(t, { workflows });
  for (const options of [
    { keep: -1 },
    { keep: 0.5 },
    { limit: 0 },
    { limit: 1.5 },
    { olderThan: 'soon' },
    { status: 'waiting' as 'failed' },
  ])
    await t.throwsAsync(tempolite.prune(options), { code: 'INVALID_ARGUMENT' });
});
