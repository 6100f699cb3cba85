import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import test, { type ExecutionContext } from 'ava';
import { filter, firstValueFrom, map, mergeMap, of, take, toArray, type Observable } from 'rxjs';
import {
  activity,
  awaitSignal,
  childWorkflow,
  defineSignal,
  sleep,
  strandOf,
  Tempolite,
  transaction,
  workflow,
  type PositionedEvent,
  type TempolitePoolOptions,
} from '../../source/index.js';
import { TestClock } from '../../source/testing/index.js';
import { faultsOf } from '../_support/check-journal.js';
import { deferred } from '../_support/engine.js';
import { folderOf } from '../_support/folder.js';
import { hrana } from '../_support/hrana/open.js';

const go = defineSignal<string>('go');

const plain = workflow('plain', (n$: Observable<number>) => n$.pipe(map((n) => n * 2)));
const heard = workflow('heard', (n$: Observable<number>) => n$.pipe(awaitSignal(go, (text, n) => `${text} ${n}`)));
const napping = workflow('napping', (n$: Observable<number>) => n$.pipe(sleep('nap', '1 week')));
const child = workflow('child', (n$: Observable<number>) =>
  n$.pipe(awaitSignal(go, (text, n) => `${text} of child ${n}`)),
);
const parent = workflow('parent', (n$: Observable<number>) =>
  n$.pipe(
    mergeMap((n) => of(n, n + 1)),
    childWorkflow(child, { concurrency: 2 }),
  ),
);
const workflows = [plain, heard, napping, child, parent];

type Options = Partial<TempolitePoolOptions> & { readonly folder: string };

/** A limit below what an empty file takes: each run that is started gets a file of its own. */
const poolOn = async (t: ExecutionContext, options: Options): Promise<Tempolite> => {
  const tempolite = await Tempolite.openPool({
    name: 'orders',
    maxFileSize: 1,
    workflows,
    closeTimeoutMs: 0,
    ...options,
  });
  t.teardown(() => tempolite.close());
  return tempolite;
};

const filesIn = (folder: string): readonly string[] =>
  readdirSync(folder)
    .filter((name) => /^orders\.\d+\.db$/.test(name))
    .sort();

/** What is wrong with the journals of a pool that is closed. */
const faultsIn = async (folder: string): Promise<readonly string[]> => {
  const faults = await Promise.all(filesIn(folder).map((name) => faultsOf(`file:${join(folder, name)}`)));
  return faults.flat();
};

const statusOf = (tempolite: Tempolite, id: string, status: string): Promise<unknown> =>
  firstValueFrom(tempolite.run(id).state$.pipe(filter((state) => state.status === status)));

test('runs that wait, sleep, are paused or have children finish where they are, over many rotations (scenario 37)', async (t) => {
  const folder = folderOf(t);
  const clock = new TestClock();
  const tempolite = await poolOn(t, { folder, clock });
  const [waits, sleeps, pauses, family] = [
    await tempolite.start(heard, 1, { id: 'waits' }),
    await tempolite.start(napping, 2, { id: 'sleeps' }),
    await tempolite.start(heard, 3, { id: 'pauses' }),
    await tempolite.start(parent, 4, { id: 'family' }),
  ];
  await pauses.pause();
  for (let n = 0; n < 10; n += 1) await tempolite.start(plain, n, { id: `plain ${n}` });
  const children = await tempolite.list({ parent: 'family' });

  await waits.signal(go, 'hello');
  await pauses.resume();
  await pauses.signal(go, 'at last');
  for (const { id } of children) await tempolite.run(id).signal(go, 'hi');

  t.is(await waits.result(), 'hello 1');
  t.is(await pauses.result(), 'at last 3');
  t.is(await clock.until(sleeps.result()), 2);
  t.deepEqual((await firstValueFrom(family.output$.pipe(toArray()))).sort(), ['hi of child 4', 'hi of child 5']);
  for (let n = 0; n < 10; n += 1) t.is(await tempolite.run(`plain ${n}`).result(), n * 2);
  t.is(filesIn(folder).length, 14);
  await tempolite.close();
  t.deepEqual(await faultsIn(folder), []);
});

test('any id is found when the pool is opened again, and the same id is the same run', async (t) => {
  const folder = folderOf(t);
  const first = await poolOn(t, { folder });
  await first.start(heard, 1, { id: 'waits' });
  for (let n = 0; n < 5; n += 1) await (await first.start(plain, n, { id: `plain ${n}` })).result();
  await first.close();
  const files = filesIn(folder).length;

  const tempolite = await poolOn(t, { folder });

  t.is(await (await tempolite.start(plain, 3, { id: 'plain 3' })).result(), 6);
  await t.throwsAsync(tempolite.start(plain, 4, { id: 'plain 3' }), { code: 'RUN_EXISTS' });
  await t.throwsAsync(tempolite.run('plain 1').signal(go, 'too late'), { code: 'RUN_ENDED' });
  await t.throwsAsync(tempolite.run('nobody').signal(go, '?'), { code: 'RUN_NOT_FOUND' });
  await tempolite.run('waits').signal(go, 'hello');
  t.is(await tempolite.run('waits').result(), 'hello 1');
  t.is(filesIn(folder).length, files, 'nothing new was stored');
  t.deepEqual(
    (await tempolite.list()).map(({ id }) => id),
    ['waits', 'plain 0', 'plain 1', 'plain 2', 'plain 3', 'plain 4'],
  );
  t.deepEqual(
    (await tempolite.list({ status: 'completed', limit: 2 })).map(({ id }) => id),
    ['waits', 'plain 0'],
  );
});

test('lists, runs$ and events$ span files: no gap and no double, and each goes on from the positions that it was at', async (t) => {
  const folder = folderOf(t);
  const tempolite = await poolOn(t, { folder });
  const waits = await tempolite.start(heard, 1, { id: 'waits' });
  await (await tempolite.start(plain, 1, { id: 'before' })).result();
  const seen: PositionedEvent[] = [];
  const half = deferred();
  const watching = tempolite.events$().subscribe((event) => {
    seen.push(event);
    if (event.runId === 'between' && event.event.type === 'run-completed') half.resolve();
  });
  const listed = firstValueFrom(
    tempolite.runs$({ status: 'completed' }).pipe(
      map(({ id }) => id),
      take(4),
      toArray(),
    ),
  );

  await (await tempolite.start(plain, 2, { id: 'between' })).result();
  await half.promise;
  watching.unsubscribe();
  await waits.signal(go, 'hello');
  await waits.result();
  await (await tempolite.start(plain, 3, { id: 'after' })).result();

  const lasts = new Map(seen.map(({ position }) => [strandOf(position), position]));
  const rest = await firstValueFrom(tempolite.events$({ after: [...lasts.values()] }).pipe(take(6), toArray()));
  const all = await firstValueFrom(tempolite.events$().pipe(take(seen.length + 6), toArray()));
  const nameOf = ({ runId, event }: PositionedEvent): string => `${runId} ${event.seq}`;
  t.deepEqual([...seen, ...rest].map(nameOf).sort(), all.map(nameOf).sort());
  t.is(new Set(all.map(nameOf)).size, all.length);
  t.is(new Set(all.map(({ position }) => position)).size, all.length);
  t.deepEqual([...(await listed)].sort(), ['after', 'before', 'between', 'waits']);
});

test('SQL of the user is refused, and nothing is written', async (t) => {
  const folder = folderOf(t);
  const booking = workflow('booking', (n$: Observable<number>) =>
    n$.pipe(transaction('book', (n) => ({ sql: 'INSERT INTO bookings VALUES (?)', args: [n] }))),
  );
  const tempolite = await poolOn(t, { folder, workflows: [booking, plain] });

  const refused = tempolite.start(plain, 1, { id: 'run', with: { sql: 'INSERT INTO bookings VALUES (1)' } });
  await t.throwsAsync(refused, { code: 'NOT_ON_A_POOL' });
  t.deepEqual(await tempolite.list(), []);
  const run = await tempolite.start(booking, 1);

  await t.throwsAsync(run.result(), { code: 'NOT_ON_A_POOL' });
});

test('a copy of a run, and a rewound one, stay in its file, which is brought back for it', async (t) => {
  const folder = folderOf(t);
  let executed = 0;
  const counting = workflow('counting', (n$: Observable<number>) =>
    n$.pipe(
      activity('count', (n: number) => {
        executed += 1;
        return n;
      }),
    ),
  );
  const tempolite = await poolOn(t, { folder, workflows: [counting], restMs: 100, idleMs: 20 });
  const run = await tempolite.start(counting, 1, { id: 'run' });
  await run.result();
  await (await tempolite.start(counting, 2, { id: 'next' })).result();
  const files = filesIn(folder).length;

  const copy = await run.fork(1, { id: 'copy' });
  t.is(await copy.result(), 1);
  t.is(executed, 2);
  await run.rewind(0);
  t.is(await run.result(), 1);

  t.is(executed, 3);
  t.is(filesIn(folder).length, files);
  await tempolite.close();
  t.deepEqual(await faultsIn(folder), []);
});

test('shards share the runs; one more moves none, and children stay with their parents', async (t) => {
  const folder = folderOf(t);
  const urlOf = (n: number): string => `file:${join(folder, `shard-${n}.db`)}`;
  const catalogue = `file:${join(folder, 'catalogue.db')}`;
  const open = async (count: number): Promise<Tempolite> => {
    const shards = Array.from({ length: count }, (_, n) => urlOf(n));
    const tempolite = await Tempolite.openPool({ shards, catalogue, workflows, closeTimeoutMs: 0 });
    t.teardown(() => tempolite.close());
    return tempolite;
  };
  const idsIn = async (n: number): Promise<readonly string[]> => {
    const alone = await Tempolite.open({ url: urlOf(n), worker: false });
    const runs = await alone.list();
    await alone.close();
    return runs.map(({ id }) => id);
  };
  const two = await open(2);
  for (let n = 0; n < 40; n += 1) await two.start(heard, n, { id: `run ${n}` });
  await two.start(parent, 1, { id: 'family' });
  await statusOf(two, 'family', 'waiting');
  await two.close();
  const before = [await idsIn(0), await idsIn(1)];

  const three = await open(3);
  for (let n = 40; n < 80; n += 1) await three.start(heard, n, { id: `run ${n}` });
  for (let n = 0; n < 80; n += 1) await three.run(`run ${n}`).signal(go, 'hello');
  for (let n = 0; n < 80; n += 1) t.is(await three.run(`run ${n}`).result(), `hello ${n}`);
  await three.close();

  const after = [await idsIn(0), await idsIn(1), await idsIn(2)];
  for (const [n, ids] of before.entries()) t.deepEqual(after[n]?.slice(0, ids.length), ids, 'nothing has moved');
  t.true(before.every((ids) => ids.length > 8) && (after[2]?.length ?? 0) > 4, 'each has its share');
  const family = before.find((ids) => ids.includes('family'));
  t.is(family?.filter((id) => id.startsWith('family')).length, 3);
  t.is(new Set(after.flat()).size, after.flat().length);
});

test('runs on shards of servers are executed, signalled and watched like any other', async (t) => {
  const servers = [await hrana(t), await hrana(t)];
  const tempolite = await Tempolite.openPool({
    shards: servers.map(({ http }) => http),
    catalogue: `file:${join(folderOf(t), 'catalogue.db')}`,
    workflows,
    closeTimeoutMs: 0,
  });
  t.teardown(() => tempolite.close());

  for (let n = 0; n < 10; n += 1) await tempolite.start(heard, n, { id: `run ${n}` });
  for (let n = 0; n < 10; n += 1) await tempolite.run(`run ${n}`).signal(go, 'hello');
  for (let n = 0; n < 10; n += 1) t.is(await tempolite.run(`run ${n}`).result(), `hello ${n}`);

  const ends = tempolite.events$().pipe(filter(({ event }) => event.type === 'run-completed'));
  const files = await firstValueFrom(
    ends.pipe(
      take(10),
      map(({ position }) => strandOf(position)),
      toArray(),
    ),
  );
  t.deepEqual([...new Set(files)].sort(), [1, 2]);
  t.is((await tempolite.list({ status: 'completed' })).length, 10);
});
