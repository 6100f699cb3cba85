import test from 'ava';
import { forkJoin, mergeMap, type Observable } from 'rxjs';
import { activity, execute, workflow, type RetryPolicy } from '../../source/index.js';
import { takes, type StubContext } from '../../source/testing/index.js';
import { countOf, jobOf, lifeOf } from '../_support/life.js';

// Runs that are paused while they wait for their retry.

const hourly: RetryPolicy = { maxAttempts: 3, initialInterval: '1 hour', backoff: 2, maxInterval: '1 day', jitter: 0 };
const charge = jobOf('charge');
const ship = jobOf('ship');

/** Fails until so many retries have dropped its failure. */
const failing =
  (times: number) =>
  (input: string, { dropped }: StubContext): string => {
    if (dropped < times) throw new Error(`no ${input} yet`);
    return `${input} at last`;
  };

for (const [how, crash] of [
  ['in memory', false],
  ['out of it', true],
] as const) {
  test(`a run that waits for its retry still does when it has been paused and resumed, ${how}`, async (t) => {
    const order = workflow('order', { retry: hourly }, (id$: Observable<string>) => id$.pipe(activity(ship)));
    const engine = await lifeOf(t, { workflows: [order], activities: { ship: failing(2) } });
    const begin = engine.clock.now();
    const run = await engine.start(order, 'o1');
    await engine.advance('10 minutes');

    for (const what of ['pause', 'resume'] as const) {
      await engine.clock.until(engine.tempolite.run(run.id)[what]());
      if (crash) await engine.crash();
      await engine.advance('10 minutes');
    }
    t.is((await run.state()).status, 'waiting');
    t.truthy((await run.state()).error);
    t.is(countOf(await run.events(), 'run-retried'), 0);
    await engine.advance('30 minutes');
    t.is(countOf(await run.events(), 'run-retried'), 1);
    await engine.clock.until(engine.tempolite.run(run.id).pause());
    await engine.advance('1 day');
    t.is((await run.state()).status, 'paused');
    await engine.clock.until(engine.tempolite.run(run.id).resume());

    t.is(await run.result(), 'o1 at last');
    t.is(engine.clock.now() - begin, 25 * 60 * 60 * 1000, 'the second one has become due meanwhile');
  });
}

test('a run that waits for its retry is paused, and replayed at once', async (t) => {
  const order = workflow('order', { retry: hourly }, (id$: Observable<string>) => id$.pipe(activity(ship)));
  const engine = await lifeOf(t, { workflows: [order], activities: { ship: failing(1) } });
  const begin = engine.clock.now();
  const run = await engine.start(order, 'o1');

  await engine.tempolite.run(run.id).resume();
  t.is((await run.state()).status, 'waiting');
  await engine.clock.until(engine.tempolite.run(run.id).pause());
  await engine.clock.until(engine.tempolite.run(run.id).replay());

  t.is(await run.result(), 'o1 at last');
  t.is(engine.clock.now(), begin);
});

test('what a run left in flight is recorded although it was paused and resumed while it waits for its retry', async (t) => {
  const order = workflow('order', { retry: hourly }, (id$: Observable<string>) =>
    id$.pipe(mergeMap((id) => forkJoin([execute(charge, id), execute(ship, id)]))),
  );
  const paid = takes('20 minutes', (id: string) => `paid ${id}`);
  const engine = await lifeOf(t, { workflows: [order], activities: { charge: paid, ship: failing(1) } });
  const run = await engine.start(order, 'o1');
  for (const what of ['pause', 'resume'] as const) await engine.clock.until(engine.tempolite.run(run.id)[what]());

  await engine.advance('30 minutes');
  t.is(countOf(await run.events(), 'activity-completed'), 1);
  await engine.crash();

  t.deepEqual(await run.result(), ['paid o1', 'o1 at last']);
  t.deepEqual(
    engine.effects.map(({ executions }) => executions),
    [1, 1, 1],
  );
});
