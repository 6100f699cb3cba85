import test from 'ava';
import { catchError, merge, mergeMap, throwError, timer, type Observable } from 'rxjs';
import {
  activity,
  awaitSignal,
  childWorkflow,
  defineSignal,
  duration,
  execute,
  workflow,
  type ClosePolicy,
} from '../../source/index.js';
import { takes, type StubContext } from '../../source/testing/index.js';
import { engineOf } from '../_support/engine.js';
import { countOf, jobOf, lifeOf } from '../_support/life.js';

test('a run that goes back behind the start of its child starts another one, and comes to its end again', async (t) => {
  let executions = 0;
  const child = workflow('child', (n$: Observable<number>) => n$.pipe(activity('count', () => (executions += 1))));
  const parent = workflow('parent', (n$: Observable<number>) => n$.pipe(childWorkflow(child)));
  const { tempolite, clock } = await engineOf(t, { workflows: [parent, child], parkAfterMs: 0 });
  const run = await tempolite.start(parent, 1, { id: 'p' });
  t.is(await clock.until(run.result()), 1);

  await clock.until(run.rewind(0));
  const second = await clock.until(run.result());
  await clock.until(run.rewind(0));
  const third = await clock.until(run.result());

  t.deepEqual([second, third], [2, 3]);
  const children = await tempolite.list({ parent: 'p' });
  t.deepEqual(
    children.map(({ id, status }) => `${id} ${status}`),
    ['p/0/child:child#0 completed', 'p/0/child:child#0~1 completed', 'p/0/child:child#0~2 completed'],
  );
  await run.replay();
});

test('a run that goes back behind the start of a child that is at work leaves it to its close policy', async (t) => {
  const go = defineSignal<string>('go');
  const child = workflow('child', (n$: Observable<number>) => n$.pipe(awaitSignal(go)));
  const parent = workflow('parent', (n$: Observable<number>) => n$.pipe(childWorkflow(child)));
  const { tempolite, clock } = await engineOf(t, { workflows: [parent, child], parkAfterMs: 0 });
  const run = await tempolite.start(parent, 1, { id: 'p' });
  await clock.settle();

  await clock.until(run.pause());
  await clock.until(run.rewind(0));
  await clock.settle();
  await tempolite.run('p/0/child:child#0~1').signal(go, 'once more');

  t.is(await clock.until(run.result()), 'once more');
  const children = await tempolite.list({ parent: 'p' });
  t.deepEqual(
    children.map(({ id, status }) => `${id} ${status}`),
    ['p/0/child:child#0 cancelled', 'p/0/child:child#0~1 completed'],
  );
});

test('a run that goes back to a place behind the start of its child keeps the child', async (t) => {
  const go = defineSignal<string>('go');
  const child = workflow('child', (n$: Observable<number>) => n$.pipe(awaitSignal(go)));
  const parent = workflow('parent', (n$: Observable<number>) => n$.pipe(childWorkflow(child)));
  const { tempolite, clock } = await engineOf(t, { workflows: [parent, child], parkAfterMs: 0 });
  const run = await tempolite.start(parent, 1, { id: 'p' });
  await clock.settle();

  await clock.until(run.pause());
  await clock.until(run.rewind(1));
  await tempolite.run('p/0/child:child#0').signal(go, 'the same');

  t.is(await clock.until(run.result()), 'the same');
  t.is((await tempolite.list({ parent: 'p' })).length, 1);
});

const thrice = { maxAttempts: 3, initialInterval: '1 minute' } as const;
const fates: readonly (readonly [ClosePolicy, string])[] = [
  ['cancel', 'cancelled'],
  ['terminate', 'terminated'],
  ['abandon', 'waiting'],
];

for (const [onClose, fate] of fates) {
  test(`a child that was started behind the failure of its parent is ${fate} when that is retried (${onClose}), and another one is started`, async (t) => {
    let attempts = 0;
    const go = defineSignal<string>('go');
    const child = workflow('child', (n$: Observable<number>) => n$.pipe(awaitSignal(go)));
    const pay = (): string => {
      attempts += 1;
      if (attempts < 3) throw new Error('the bank is closed');
      return 'paid';
    };
    const parent = workflow('parent', { retry: thrice }, (n$: Observable<number>) =>
      n$.pipe(
        activity('pay', pay, { retry: { maxAttempts: 1 } }),
        catchError((error: unknown) =>
          merge(
            execute(child, 1, { onClose }),
            timer(duration('1 hour')).pipe(mergeMap(() => throwError(() => error as Error))),
          ),
        ),
      ),
    );
    const { tempolite, clock } = await engineOf(t, { workflows: [parent, child], parkAfterMs: 0 });
    const run = await tempolite.start(parent, 1, { id: 'p' });
    const statuses = async (): Promise<readonly string[]> => {
      await clock.settle();
      return (await tempolite.list({ parent: 'p' })).map(({ id, status }) => `${id} ${status}`).sort();
    };
    const [first, second] = ['p/0/child:child#0', 'p/0.1/child:child#0'];

    await clock.advance('50 minutes');
    t.deepEqual(await statuses(), [`${first} waiting`]);
    await clock.advance('50 minutes');
    t.deepEqual(await statuses(), [`${second} waiting`, `${first} ${fate}`]);

    t.is(await clock.until(run.result()), 'paid');
    t.deepEqual(await statuses(), [`${second} ${fate}`, `${first} ${fate}`]);
  });
}

const count = jobOf('count');
const pack = jobOf('pack');

test('of a child that is sent back before its paused parent has heard of its end, the last end counts', async (t) => {
  const child = workflow('child', (x$: Observable<string>) => x$.pipe(activity(count)));
  const parent = workflow('parent', (x$: Observable<string>) => x$.pipe(childWorkflow(child), activity(pack)));
  const counted = (_: string, { dropped }: StubContext): string => {
    if (dropped === 0) throw new Error('nobody there');
    return `counted ${dropped}`;
  };
  const engine = await lifeOf(t, {
    workflows: [parent, child],
    activities: { count: takes(20, counted), pack: (text: string) => `${text}, packed` },
  });
  const run = await engine.start(parent, 'x', { id: 'p' });
  await engine.clock.until(engine.tempolite.run('p').pause());
  await engine.advance(20);
  await engine.clock.until(engine.tempolite.run('p/0/child:child#0').replay());
  await engine.advance(20);
  await engine.clock.until(engine.tempolite.run('p').resume());

  t.is(await run.result(), 'counted 1, packed');
  t.is(countOf(await run.events(), 'child-failed'), 0);
});

test('a parent that is sent back hears nothing of how its child failed before', async (t) => {
  let isMended = false;
  const child = workflow('child', (x$: Observable<string>) => x$.pipe(activity(count)));
  const parent = workflow('parent', (x$: Observable<string>) => x$.pipe(childWorkflow(child), activity(pack)));
  const counted = (text: string): string => {
    if (!isMended) throw new Error('nobody there');
    return `${text} counted`;
  };
  const engine = await lifeOf(t, {
    workflows: [parent, child],
    activities: { count: counted, pack: (text: string) => `${text}, packed` },
  });
  const run = await engine.start(parent, 'x', { id: 'p' });
  await t.throwsAsync(run.result());
  await engine.clock.until(engine.tempolite.run('p/0/child:child#0').replay());
  await engine.settle();
  isMended = true;

  await engine.clock.until(engine.tempolite.run('p').replay());

  t.is(await run.result(), 'x counted, packed');
});
