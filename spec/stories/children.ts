import test from 'ava';
import { catchError, delay, forkJoin, map, merge, mergeMap, of, reduce, timer, type Observable } from 'rxjs';
import {
  activity,
  awaitSignal,
  childWorkflow,
  defineActivity,
  defineSignal,
  execute,
  TempoliteError,
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

// ── failures ──────────────────────────────────────────────────────────────────────────────────────────────────────────────

test('a child that fails once and has its own retry succeeds, and its parent hears nothing of that (scenario 32)', async (t) => {
  let calls = 0;
  const child = workflow(
    'child',
    { retry: { maxAttempts: 2, initialInterval: '1 minute' } },
    (n$: Observable<number>) =>
      n$.pipe(
        activity('before', (n: number) => n + 1, once),
        activity(
          'flaky',
          (n: number) => {
            calls += 1;
            if (calls === 1) throw new Error('down');
            return n * 2;
          },
          once,
        ),
      ),
  );
  const parent = workflow('parent', (n$: Observable<number>) => n$.pipe(childWorkflow(child)));
  const engine = await engineOf(t, { workflows: [parent, child] });
  const run = await engine.tempolite.start(parent, 20, { id: 'p' });

  t.is(await engine.clock.until(run.result()), 42);

  t.is(calls, 2);
  t.deepEqual(await statuses(engine), { p: 'completed', 'p/0/child:child#0': 'completed' });
});

test('a child that fails for good hands its error to the parent, with the chain of causes (scenario 32)', async (t) => {
  class Refused extends Error {
    override readonly name = 'Refused';
    readonly code = 'NO_STOCK';
  }
  const leaf = workflow('leaf', (n$: Observable<number>) =>
    n$.pipe(
      activity(
        'reserve',
        (): number => {
          throw new Refused('nothing left', { cause: new Error('shelf 7') });
        },
        once,
      ),
    ),
  );
  const middle = workflow('middle', (n$: Observable<number>) => n$.pipe(childWorkflow(leaf)));
  const root = workflow('root', (n$: Observable<number>) => n$.pipe(childWorkflow(middle)));
  const engine = await engineOf(t, { workflows: [root, middle, leaf] });
  const run = await engine.tempolite.start(root, 1, { id: 'r' });

  const error = await t.throwsAsync(engine.clock.until(run.result()), { code: 'CHILD_FAILED' });

  const chain: string[] = [];
  for (let e: unknown = error; e instanceof Error; e = e.cause) {
    chain.push(e instanceof TempoliteError ? e.code : `${e.name}: ${e.message}`);
  }
  t.deepEqual(chain, ['CHILD_FAILED', 'CHILD_FAILED', 'ACTIVITY_FAILED', 'Refused: nothing left', 'Error: shelf 7']);
  t.deepEqual(Object.values(await statuses(engine)), ['failed', 'failed', 'failed']);
});

test('a child that fails for good may be answered by the parent (scenario 32)', async (t) => {
  const child = workflow('child', () => {
    throw new Error('no');
  });
  const parent = workflow('parent', (n$: Observable<number>) =>
    n$.pipe(
      childWorkflow(child),
      catchError((error: unknown) => of((error as TempoliteError).code)),
    ),
  );
  const { tempolite, clock } = await engineOf(t, { workflows: [parent, child] });

  t.is(await clock.until((await tempolite.start(parent, 1)).result()), 'CHILD_FAILED');
});

// ── letters ───────────────────────────────────────────────────────────────────────────────────────────────────────────────

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
  const engine = await engineOf(t, { workflows: [parent, child] });
  const run = await engine.tempolite.start(parent, 1, { id: 'p' });
  await engine.clock.advance('2 hours');
  t.deepEqual(await statuses(engine), { p: 'waiting', 'p/0/child:child#0': 'completed' });
  broken = false;

  t.deepEqual(await engine.clock.until(run.result()), [2, 1]);

  t.is((await engine.tempolite.list()).length, 2);
});

// ── workflows that are not registered ─────────────────────────────────────────────────────────────────────────────────────

test('a child whose workflow nobody has registered waits visibly, and starts when somebody has', async (t) => {
  const parent = workflow('parent', (name$: Observable<string>) => name$.pipe(childWorkflow(waiter)));
  const first = await engineOf(t, { workflows: [parent] });
  await first.tempolite.start(parent, 'a', { id: 'p' });
  await first.clock.advance('1 day');
  t.deepEqual(await statuses(first), { p: 'waiting', 'p/0/child:waiter#0': 'pending' });
  t.like((await first.tempolite.list({ parent: 'p' }))[0], { workflow: 'waiter', parent: { runId: 'p' } });
  await first.tempolite.close();

  const second = await engineOf(t, { ...first, workflows: [parent, waiter] });
  await second.tempolite.run('p/0/child:waiter#0', waiter).signal(go, 'went');

  t.is(await second.clock.until(second.tempolite.run('p', parent).result()), 'a went');
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

test('a child is listed under its parent, with tags and priority', async (t) => {
  const parent = workflow('parent', (name$: Observable<string>) =>
    name$.pipe(childWorkflow(waiter, { tags: { city: 'Rome' }, priority: 7 })),
  );
  const { tempolite, clock } = await engineOf(t, { workflows: [parent, waiter] });
  await tempolite.start(parent, 'a', { id: 'p', priority: 3 });
  await clock.settle();

  const [child] = await tempolite.list({ tags: { city: 'Rome' } });

  t.like(child, { id: 'p/0/child:waiter#0', priority: 7, parent: { runId: 'p', key: 'child:waiter#0' } });
});
