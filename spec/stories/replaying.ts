import test from 'ava';
import { concat, defer, forkJoin, map, mergeMap, of, take, timer, type Observable } from 'rxjs';
import {
  activity,
  awaitSignal,
  childWorkflow,
  continueAsNew,
  defineSignal,
  execute,
  finalizeWith,
  saga,
  sideEffect,
  step,
  workflow,
} from '../../source/index.js';
import { takes, type StubContext, type TestEngine } from '../../source/testing/index.js';
import { countOf, doneIn, jobOf, lifeOf } from '../_support/life.js';
import { engineOf } from '../_support/engine.js';

const charge = jobOf('charge');
const ship = jobOf('ship');
const text = (value: string): string => value;

/** The outside world is mended when its failure has been dropped so often. */
const failing =
  (times = 1) =>
  (input: string, { dropped }: StubContext): string => {
    if (dropped < times) throw new Error(`no ${input} yet`);
    return `${input} at last`;
  };

const replay = async (engine: TestEngine, id: string): Promise<void> => {
  await engine.clock.until(engine.tempolite.run(id).replay());
  await engine.settle();
};

test('a failed run succeeds once the outside world is mended, and repeats nothing that had succeeded (scenario 25)', async (t) => {
  const order = workflow('order', (id$: Observable<string>) => id$.pipe(activity(charge), activity(ship)));
  const engine = await lifeOf(t, { workflows: [order], activities: { charge: () => 'paid', ship: failing() } });
  const run = await engine.start(order, 'o1');
  await t.throwsAsync(run.result(), { code: 'ACTIVITY_FAILED' });

  await replay(engine, run.id);

  t.is(await run.result(), 'paid at last');
  t.deepEqual(doneIn(engine), ['charge@1', 'ship@1', 'ship@1']);
});

test('a success that came after the failure is found by the replay (scenario 25)', async (t) => {
  const order = workflow('order', (id$: Observable<string>) =>
    id$.pipe(mergeMap((id) => forkJoin([execute(charge, id), execute(ship, id)]))),
  );
  const engine = await lifeOf(t, {
    workflows: [order],
    activities: { charge: takes('1 hour', () => 'paid'), ship: failing() },
  });
  const run = await engine.start(order, 'o1');
  await t.throwsAsync(run.result());
  await engine.advance('2 hours');
  await engine.crash();

  await replay(engine, run.id);

  t.deepEqual(await run.result(), ['paid', 'o1 at last']);
  t.deepEqual(doneIn(engine), ['charge@1', 'ship@1', 'ship@1']);
});

test('a replay while what was in flight at the failure still is, begins it no second time', async (t) => {
  const order = workflow('order', (id$: Observable<string>) =>
    id$.pipe(mergeMap((id) => forkJoin([execute(charge, id), execute(ship, id)]))),
  );
  const engine = await lifeOf(t, {
    workflows: [order],
    activities: { charge: takes('1 hour', () => 'paid'), ship: failing() },
  });
  const run = await engine.start(order, 'o1');
  await t.throwsAsync(run.result());

  await replay(engine, run.id);

  t.deepEqual(await run.result(), ['paid', 'o1 at last']);
  t.deepEqual(
    engine.effects.map(({ activity, executions }) => [activity, executions]),
    [
      ['charge', 1],
      ['ship', 1],
      ['ship', 1],
    ],
  );
});

test('a run fails, is replayed and fails again as often as somebody asks', async (t) => {
  const order = workflow('order', (id$: Observable<string>) => id$.pipe(activity(charge), activity(ship)));
  const engine = await lifeOf(t, { workflows: [order], activities: { charge: () => 'paid', ship: failing(4) } });
  const run = await engine.start(order, 'o1');

  for (let time = 0; time < 4; time += 1) {
    await t.throwsAsync(run.result(), { code: 'ACTIVITY_FAILED' });
    if (time % 2 === 1) await engine.crash();
    await replay(engine, run.id);
  }

  t.is(await run.result(), 'paid at last');
  t.is(countOf(await run.events(), 'run-retried'), 4);
  t.deepEqual(doneIn(engine), ['charge@1', ...Array.from({ length: 5 }, () => 'ship@1')]);
});

test('signals that had been consumed before the failure are not asked for again, those behind it are', async (t) => {
  const go = defineSignal<string>('go');
  const order = workflow('order', (id$: Observable<string>) =>
    id$.pipe(
      awaitSignal(go),
      activity(ship),
      awaitSignal(go, (text, shipped) => `${shipped}, ${text}`),
    ),
  );
  const engine = await lifeOf(t, { workflows: [order], activities: { ship: failing() } });
  const run = await engine.start(order, 'o1');
  await run.signal(go, 'first');
  await t.throwsAsync(run.result());

  await replay(engine, run.id);
  await run.signal(go, 'second');

  t.is(await run.result(), 'first at last, second');
});

test('a child that failed goes on from where it failed when its parent is replayed', async (t) => {
  const child = workflow('child', (id$: Observable<string>) => id$.pipe(activity(charge), activity(ship)));
  const order = workflow('order', (id$: Observable<string>) => id$.pipe(childWorkflow(child)));
  const engine = await lifeOf(t, { workflows: [order, child], activities: { charge: () => 'paid', ship: failing() } });
  const run = await engine.start(order, 'o1');
  await t.throwsAsync(run.result(), { code: 'CHILD_FAILED' });

  await replay(engine, run.id);

  t.is(await run.result(), 'paid at last');
  t.deepEqual(doneIn(engine), ['charge@1', 'ship@1', 'ship@1']);
  t.is((await engine.tempolite.list({ parent: run.id })).length, 1);
});

test('a blocked run goes on with the code that fits again', async (t) => {
  const swapped = workflow('order', (id$: Observable<string>) => id$.pipe(activity('c', text), activity('b', text)));
  const waits = defineSignal<string>('waits');
  const long = workflow('order', (id$: Observable<string>) =>
    id$.pipe(activity('a', text), awaitSignal(waits), activity('b', text)),
  );
  const first = await engineOf(t, { workflows: [long] });
  const { clock, url } = first;
  await first.tempolite.start(long, 'x', { id: 'order' });
  await clock.settle();
  await first.tempolite.close();
  const second = await engineOf(t, { workflows: [swapped], clock, url });
  await second.tempolite.run('order').signal(waits, 'go');
  await t.throwsAsync(clock.until(second.tempolite.run('order').result()), { code: 'DIVERGENCE' });
  await second.tempolite.close();

  const third = await engineOf(t, { workflows: [long], clock, url });
  await clock.settle();
  const run = third.tempolite.run('order', long);
  const [record] = await third.tempolite.list({ status: 'blocked' });
  if (record) await clock.until(run.replay());

  t.is(await clock.until(run.result()), 'go');
});

test('a completed run is verified and nothing is executed (scenario 25)', async (t) => {
  const step1 = step('hotel', text, text);
  const order = workflow('order', (id$: Observable<string>) =>
    concat(
      id$.pipe(
        activity(charge),
        saga('trip', step1),
        sideEffect('n', () => 7),
      ),
      timer(1000, 1000).pipe(take(3)),
      defer(() => execute(ship, 'o1')).pipe(finalizeWith('close', () => undefined)),
    ),
  );
  const engine = await lifeOf(t, {
    workflows: [order],
    activities: { charge: () => 'paid', ship: () => 'sent', 'trip/hotel': () => 'room', close: () => 'closed' },
  });
  const run = await engine.start(order, 'o1');
  await run.result();
  const before = await run.events();
  const { length } = engine.effects;

  await replay(engine, run.id);
  await engine.crash();
  await replay(engine, run.id);

  t.deepEqual(await run.events(), before);
  t.is(engine.effects.length, length);
  t.true(engine.effects.every(({ executions }) => executions === 1));
  t.is((await run.state()).status, 'completed');
});

test('a completed run that was retried on its way is verified, too', async (t) => {
  const order = workflow('order', (id$: Observable<string>) =>
    id$.pipe(
      activity(charge),
      saga('trip', step('hotel', text, text), activity(ship)),
      map((sent) => `${sent}!`),
    ),
  );
  let failures = 2;
  const engine = await lifeOf(t, {
    workflows: [order],
    activities: {
      charge: () => 'paid',
      ship: (text: string) => {
        failures -= 1;
        if (failures >= 0) throw new Error('no ship');
        return `${text} sent`;
      },
      'trip/hotel': takes(5, () => 'room'),
      'trip/hotel.compensation': takes(5, () => 'free'),
    },
  });
  const run = await engine.start(order, 'o1');
  for (let time = 0; time < 2; time += 1) {
    await t.throwsAsync(run.result(), { code: 'ACTIVITY_FAILED' });
    await replay(engine, run.id);
  }
  t.is(await run.result(), 'room sent!');
  const done = engine.effects.length;

  await t.notThrowsAsync(replay(engine, run.id));

  t.is(engine.effects.length, done);
});

test('all links of a run that continued as new are verified', async (t) => {
  const count = workflow('count', (n$: Observable<number>) =>
    n$.pipe(
      activity('add', (n: number) => n + 1),
      mergeMap((n) => (n < 5 ? continueAsNew(n) : of(n))),
    ),
  );
  const engine = await lifeOf(t, { workflows: [count] });
  const run = await engine.start(count, 0);
  t.is(await run.result(), 5);

  await t.notThrowsAsync(replay(engine, run.id));
});

test('a completed run whose code leads elsewhere today is told of, and stays as it is (scenario 25)', async (t) => {
  const of2 = (add: number) => workflow('add', (n$: Observable<number>) => n$.pipe(map((n) => n + add)));
  const first = await engineOf(t, { workflows: [of2(1)] });
  const run = await first.tempolite.start(of2(1), 1, { id: 'add' });
  await first.clock.until(run.result());
  await first.tempolite.close();

  const second = await engineOf(t, { workflows: [of2(2)], url: first.url, clock: first.clock });
  const again = second.tempolite.run('add', of2(2));

  await t.throwsAsync(again.replay(), { code: 'DIVERGENCE' });
  t.is(await again.result(), 2);
});

test('a failed run cannot lose what it holds: a replay that is asked for twice at once goes back once', async (t) => {
  const order = workflow('order', (id$: Observable<string>) => id$.pipe(activity(charge), activity(ship)));
  const engine = await lifeOf(t, {
    workflows: [order],
    activities: { charge: () => 'paid', ship: takes('1 minute', failing()) },
  });
  const run = await engine.start(order, 'o1');
  await t.throwsAsync(run.result());
  const handle = engine.tempolite.run(run.id);

  await engine.clock.until(Promise.all([handle.replay(), handle.replay(), handle.replay()]));

  t.is(await run.result(), 'paid at last');
  t.is(countOf(await run.events(), 'run-retried'), 1);
});

test('retry in the seed’s sense gives a new run with the same input, or another one (scenario 25)', async (t) => {
  const order = workflow('order', (id$: Observable<string>) => id$.pipe(activity(charge)));
  const engine = await lifeOf(t, { workflows: [order], activities: { charge: (id: string) => `paid ${id}` } });
  const run = await engine.start(order, 'o1', { tags: { of: 'Ada' } });
  await run.result();
  const handle = engine.tempolite.run(run.id, order);

  const same = await handle.retry();
  const other = await handle.retry({ input: 'o2', id: 'other' });

  t.not(same.id, run.id);
  t.is(await engine.clock.until(same.result()), 'paid o1');
  t.is(other.id, 'other');
  t.is(await engine.clock.until(other.result()), 'paid o2');
  t.is(engine.effects.length, 3);
});
