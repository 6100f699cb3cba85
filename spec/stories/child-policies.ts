import test from 'ava';
import { concat, from, map, merge, mergeMap, of, race, switchMap, timeout, timer, type Observable } from 'rxjs';
import {
  activity,
  awaitSignal,
  ChildError,
  childWorkflow,
  continueAsNew,
  defineSignal,
  execute,
  finalizeWith,
  sleep,
  workflow,
  type ClosePolicy,
  type Run,
  type RunStatus,
} from '../../source/index.js';
import { engineOf, type Engine } from '../_support/engine.js';

const go = defineSignal('go');

/** Sleeps for so many hours, then gives them. */
const sleeper = (cleaned: number[] = []) =>
  workflow('sleeper', (hours$: Observable<number>) =>
    hours$.pipe(
      mergeMap((hours) =>
        of(hours).pipe(
          sleep(`${hours} hours`),
          finalizeWith('tidy', () => {
            cleaned.push(hours);
          }),
        ),
      ),
    ),
  );

const statusesOf = async ({ tempolite }: Engine, parent: string): Promise<readonly string[]> =>
  (await tempolite.list({ parent })).map(({ status }) => status);

const policies: readonly (readonly [ClosePolicy, RunStatus, readonly number[]])[] = [
  ['cancel', 'cancelled', [5]],
  ['terminate', 'terminated', []],
  ['abandon', 'completed', [5]],
];

const ends: Readonly<Record<string, (run: Run<number>) => Promise<void>>> = {
  'is cancelled': (run) => run.cancel(),
  'is terminated': (run) => run.terminate(),
  completes: (run) => run.signal(go),
};

for (const [onClose, status, expected] of policies) {
  for (const [end, act] of Object.entries(ends)) {
    test(`${onClose}: the child of a parent that ${end} is ${status}`, async (t) => {
      const cleaned: number[] = [];
      const child = sleeper(cleaned);
      const parent = workflow('parent', (n$: Observable<number>) =>
        n$.pipe(mergeMap((n) => race(execute(child, n, { onClose }), of(-1).pipe(awaitSignal(go, (_, n) => n))))),
      );
      const engine = await engineOf(t, { workflows: [parent, child], parkAfterMs: 0 });
      const run = await engine.tempolite.start(parent, 5, { id: 'p' });
      await engine.clock.advance('1 hour');

      await act(run);
      await engine.clock.settle();
      const ended = await engine.tempolite.list({ parent: 'p' });
      await engine.clock.advance('1 day');

      t.deepEqual(await statusesOf(engine, 'p'), [status]);
      t.is(ended[0]?.status, onClose === 'abandon' ? 'waiting' : status);
      t.deepEqual(cleaned, expected);
    });
  }
}

test('a failing parent lets its children finish, and the failure stands', async (t) => {
  const cleaned: number[] = [];
  const child = sleeper(cleaned);
  const parent = workflow('parent', (n$: Observable<number>) =>
    n$.pipe(
      mergeMap((n) =>
        merge(
          execute(child, n),
          timer(1000).pipe(
            map((): number => {
              throw new Error('no');
            }),
          ),
        ),
      ),
    ),
  );
  const engine = await engineOf(t, { workflows: [parent, child] });
  const run = await engine.tempolite.start(parent, 5, { id: 'p' });

  await t.throwsAsync(engine.clock.until(run.result()), { message: 'no' });
  await engine.clock.advance('1 day');

  t.is((await engine.tempolite.list({ parent: 'p' })).length, 1);
  t.deepEqual(cleaned, [5]);
});

test('race: the first child wins, the losers are cancelled (Select)', async (t) => {
  const cleaned: number[] = [];
  const child = sleeper(cleaned);
  const parent = workflow('parent', (n$: Observable<number>) =>
    n$.pipe(mergeMap(() => race(execute(child, 3), execute(child, 1), execute(child, 2)))),
  );
  const engine = await engineOf(t, { workflows: [parent, child] });
  const run = await engine.tempolite.start(parent, 0, { id: 'p' });

  t.is(await engine.clock.until(run.result()), 1);
  await engine.clock.settle();

  t.deepEqual(await statusesOf(engine, 'p'), ['cancelled', 'completed', 'cancelled']);
  t.deepEqual(cleaned.sort(), [1, 2, 3]);
});

test('switchMap: each child is cancelled when the next one starts (Select)', async (t) => {
  const child = sleeper();
  const parent = workflow('parent', (n$: Observable<number>) =>
    n$.pipe(
      mergeMap(() => concat(of(4), of(3).pipe(sleep('1 hour')), of(2).pipe(sleep('1 hour')))),
      switchMap((hours) => execute(child, hours)),
    ),
  );
  const engine = await engineOf(t, { workflows: [parent, child] });
  const run = await engine.tempolite.start(parent, 0, { id: 'p' });

  t.is(await engine.clock.until(run.result()), 2);

  t.deepEqual(await statusesOf(engine, 'p'), ['cancelled', 'cancelled', 'completed']);
});

test('timeout: a child that is too slow is cancelled, and the other way is taken (Select)', async (t) => {
  const child = sleeper();
  const parent = workflow('parent', (n$: Observable<number>) =>
    n$.pipe(mergeMap((n) => execute(child, n).pipe(timeout({ first: 3_600_000, with: () => execute(child, 1) })))),
  );
  const engine = await engineOf(t, { workflows: [parent, child] });
  const start = engine.clock.now();
  const run = await engine.tempolite.start(parent, 9, { id: 'p' });

  t.is(await engine.clock.until(run.result()), 1);

  t.is(engine.clock.now() - start, 2 * 3_600_000);
  t.deepEqual(await statusesOf(engine, 'p'), ['cancelled', 'completed']);
});

for (const what of ['cancel', 'terminate'] as const) {
  test(`${what} of a child by itself reaches its parent as an error`, async (t) => {
    const child = sleeper();
    const parent = workflow('parent', (n$: Observable<number>) => n$.pipe(childWorkflow(child)));
    const engine = await engineOf(t, { workflows: [parent, child] });
    const run = await engine.tempolite.start(parent, 5, { id: 'p' });
    await engine.clock.settle();
    const rejected = t.throwsAsync(run.result(), { instanceOf: ChildError });

    await engine.tempolite.run('p/0/child:sleeper#0')[what]();

    t.is((await rejected).code, what === 'cancel' ? 'CHILD_CANCELLED' : 'CHILD_TERMINATED');
  });
}

test('the child of a paused parent goes on; what it gives is there when the parent is resumed', async (t) => {
  const child = sleeper();
  const parent = workflow('parent', (n$: Observable<number>) =>
    n$.pipe(
      childWorkflow(child),
      map((n) => n * 2),
    ),
  );
  const engine = await engineOf(t, { workflows: [parent, child] });
  const run = await engine.tempolite.start(parent, 5, { id: 'p' });
  await engine.clock.settle();

  await run.pause();
  await engine.clock.advance('1 day');
  t.deepEqual(await statusesOf(engine, 'p'), ['completed']);
  t.is((await engine.tempolite.list({ workflow: 'parent' }))[0]?.status, 'paused');
  await run.resume();

  t.is(await run.result(), 10);
});

test('replay of a failed parent lets the failed child go on from where it failed', async (t) => {
  const calls: string[] = [];
  const child = workflow('child', (n$: Observable<number>) =>
    n$.pipe(
      activity('first', (n: number) => {
        calls.push('first');
        return n;
      }),
      activity(
        'second',
        (n: number) => {
          calls.push('second');
          if (calls.length < 3) throw new Error('down');
          return n + 1;
        },
        { retry: { maxAttempts: 1 } },
      ),
    ),
  );
  const parent = workflow('parent', (n$: Observable<number>) => n$.pipe(childWorkflow(child)));
  const engine = await engineOf(t, { workflows: [parent, child] });
  const run = await engine.tempolite.start(parent, 1, { id: 'p' });
  await t.throwsAsync(run.result(), { code: 'CHILD_FAILED' });

  await run.replay();

  t.is(await run.result(), 2);
  t.deepEqual(calls, ['first', 'second', 'second']);
  t.deepEqual(await statusesOf(engine, 'p'), ['completed']);
});

test('retry of a parent is a new run with children of its own', async (t) => {
  const child = workflow('child', (n$: Observable<number>) => n$);
  const parent = workflow('parent', (n$: Observable<number>) => n$.pipe(childWorkflow(child)));
  const engine = await engineOf(t, { workflows: [parent, child] });
  const run = await engine.tempolite.start(parent, 1, { id: 'p' });
  await run.result();

  const again = await run.retry({ id: 'again' });

  t.is(await again.result(), 1);
  t.like(await engine.tempolite.list({ parent: 'again' }), [{ id: 'again/0/child:child#0', status: 'completed' }]);
});

test('a parent that continues as new closes its children by their policies, before the next link begins', async (t) => {
  const cleaned: number[] = [];
  const child = sleeper(cleaned);
  const parent = workflow('parent', (left$: Observable<number>) =>
    left$.pipe(
      mergeMap((left) =>
        left === 0
          ? of('end').pipe(sleep('1 day'))
          : merge(
              from(['cancel', 'terminate', 'abandon'] as const).pipe(
                mergeMap((onClose, n) => execute(child, 5 + n, { onClose })),
              ),
              of(0).pipe(
                sleep('1 hour'),
                mergeMap(() => continueAsNew(left - 1)),
              ),
            ),
      ),
    ),
  );
  const engine = await engineOf(t, { workflows: [parent, child] });
  const run = await engine.tempolite.start(parent, 1, { id: 'p' });

  t.is(await engine.clock.until(run.result()), 'end');

  t.deepEqual(await statusesOf(engine, 'p'), ['cancelled', 'terminated', 'completed']);
  t.deepEqual(cleaned, [5, 7]);
});

test('a child whose workflow no worker knows waits visibly, and goes on when one does', async (t) => {
  const child = sleeper();
  const parent = workflow('parent', (n$: Observable<number>) => n$.pipe(childWorkflow(child)));
  const first = await engineOf(t, { workflows: [parent], parkAfterMs: 0 });
  await first.tempolite.start(parent, 1, { id: 'p' });
  await first.clock.advance('1 day');
  t.deepEqual(await statusesOf(first, 'p'), ['pending']);
  t.is((await first.tempolite.list({ workflow: 'parent' }))[0]?.status, 'waiting');
  await first.tempolite.close();

  const second = await engineOf(t, { workflows: [parent, child], url: first.url, clock: first.clock });

  t.is(await second.clock.until(second.tempolite.run('p', parent).result()), 1);
});
