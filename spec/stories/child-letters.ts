import test from 'ava';
import { delay, forkJoin, map, merge, mergeMap, of, reduce, timer, type Observable } from 'rxjs';
import {
  activity,
  awaitSignal,
  childWorkflow,
  defineActivity,
  defineSignal,
  execute,
  workflow,
} from '../../source/index.js';
import { engineOf, type Engine } from '../_support/engine.js';

const go = defineSignal<string>('go');
const once = { retry: { maxAttempts: 1 } } as const;

/** Waits for a signal. */
const waiter = workflow('waiter', (name$: Observable<string>) =>
  name$.pipe(awaitSignal(go, (text, name) => `${name} ${text}`)),
);

/** Statuses by id. */
const statuses = async ({ tempolite, clock }: Engine): Promise<Readonly<Record<string, string>>> => {
  await clock.settle();
  return Object.fromEntries((await tempolite.list()).map(({ id, status }) => [id, status]));
};

test('what children say while no worker is up for the parent, or while it is paused, is heard in order (scenario 17)', async (t) => {
  const child = workflow('child', (n$: Observable<number>) =>
    n$.pipe(mergeMap(() => merge(of(1, 2, 3), timer(3_600_000).pipe(map(() => 4))))),
  );
  const parent = workflow('parent', (n$: Observable<number>) =>
    n$.pipe(
      childWorkflow(child),
      reduce((all, n) => `${all}${n}`, ''),
    ),
  );
  const engine = await engineOf(t, { workflows: [parent, child] });
  const run = await engine.tempolite.start(parent, 0, { id: 'p' });
  await engine.clock.settle();
  await run.pause();
  await engine.clock.advance('2 hours');
  t.deepEqual(await statuses(engine), { p: 'paused', 'p/0/child:child#0': 'completed' });
  await engine.tempolite.close();

  const again = await engineOf(t, { ...engine, workflows: [parent, child] });
  await again.tempolite.run('p').resume();

  t.is(await again.clock.until(again.tempolite.run('p', parent).result()), '1234');
});

test('a child that completes although its parent has failed is known to the retry of the parent (scenario 17)', async (t) => {
  let broken = true;
  const child = workflow('child', (n$: Observable<number>) =>
    n$.pipe(
      delay(3_600_000),
      activity('work', (n: number) => n + 1),
    ),
  );
  const fails = defineActivity('fails', once, (n: number) => {
    if (broken) throw new Error('down');
    return n;
  });
  const parent = workflow(
    'parent',
    { retry: { maxAttempts: 2, initialInterval: '1 day', maxInterval: '1 day', jitter: 0 } },
    (n$: Observable<number>) => n$.pipe(mergeMap((n) => forkJoin([execute(child, n), execute(fails, n)]))),
  );
  const engine = await engineOf(t, { workflows: [parent, child], parkAfterMs: 0 });
  const run = await engine.tempolite.start(parent, 1, { id: 'p' });
  await engine.clock.advance('2 hours');
  t.deepEqual(await statuses(engine), { p: 'waiting', 'p/0/child:child#0': 'completed' });
  broken = false;

  t.deepEqual(await engine.clock.until(run.result()), [2, 1]);

  t.is((await engine.tempolite.list()).length, 2);
});

test('a parent whose child waits for its workflow may be cancelled, and the child never starts', async (t) => {
  const parent = workflow('parent', (name$: Observable<string>) => name$.pipe(childWorkflow(waiter)));
  const first = await engineOf(t, { workflows: [parent] });
  const run = await first.tempolite.start(parent, 'a', { id: 'p' });
  await first.clock.settle();

  await run.cancel();

  await t.throwsAsync(first.clock.until(run.result()), { code: 'RUN_CANCELLED' });
  await first.tempolite.close();
  const second = await engineOf(t, { ...first, workflows: [parent, waiter] });
  t.deepEqual(await statuses(second), { p: 'cancelled', 'p/0/child:waiter#0': 'cancelled' });
});

test('a child of the newest version that is registered is started', async (t) => {
  const versioned = (version: number) =>
    workflow('child', { version }, (n$: Observable<number>) => n$.pipe(map((n) => `${n} by v${version}`)));
  const parent = workflow('parent', (n$: Observable<number>) => n$.pipe(childWorkflow(versioned(1))));
  const { tempolite, clock } = await engineOf(t, { workflows: [parent, versioned(1), versioned(2)] });

  t.is(await clock.until((await tempolite.start(parent, 1)).result()), '1 by v2');
});
