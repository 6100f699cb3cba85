import test from 'ava';
import { map, mergeMap, NEVER, type Observable } from 'rxjs';
import { activity, workflow } from '../../source/index.js';
import { engineOf } from '../_support/engine.js';
import { asked, others, outputsOf, statusOf, swept } from '../_support/lives.js';

const once = { retry: { maxAttempts: 1 } };

const brittle = (calls: string[], world: { broken: boolean }) =>
  workflow('brittle', (n$: Observable<number>) =>
    n$.pipe(
      activity('good', (n: number) => {
        calls.push('good');
        return n + 1;
      }),
      activity(
        'bad',
        (n: number) => {
          calls.push('bad');
          if (world.broken) throw new Error('down');
          return n * 10;
        },
        once,
      ),
    ),
  );

test('a failed run, the outside world mended, is replayed without running what had succeeded (scenario 25)', async (t) => {
  const [calls, world] = [[] as string[], { broken: true }];
  const flow = brittle(calls, world);
  const first = await engineOf(t, { workflows: [flow] });
  const run = await first.tempolite.start(flow, 1, { id: 'run' });
  await t.throwsAsync(first.clock.until(run.result()), { message: /down/ });
  await run.replay();
  await t.throwsAsync(first.clock.until(run.result()), { message: /down/ }, 'it is still down');
  await first.tempolite.close();
  world.broken = false;

  const second = await engineOf(t, { workflows: [flow], url: first.url, clock: first.clock });
  const again = second.tempolite.run('run', flow);
  await again.replay();

  t.is(await second.clock.until(again.result()), 20);
  t.deepEqual(calls, ['good', 'bad', 'bad', 'bad']);
});

test('a run that has completed is verified when it is replayed, and executes nothing (scenario 25)', async (t) => {
  const calls: string[] = [];
  const flow = brittle(calls, { broken: false });
  const first = await engineOf(t, { workflows: [flow] });
  const run = await first.tempolite.start(flow, 1, { id: 'run' });
  t.is(await first.clock.until(run.result()), 20);

  await run.replay();
  await first.tempolite.close();
  const changed = workflow('brittle', (n$: Observable<number>) =>
    n$.pipe(
      map((n) => n),
      activity('good', () => 1),
      activity('bad', () => 1, once),
      map((n) => n + 1),
    ),
  );
  const second = await engineOf(t, { workflows: [changed], url: first.url, clock: first.clock });

  await t.throwsAsync(second.tempolite.run('run').replay(), { code: 'DIVERGENCE' });
  t.is(await second.tempolite.run('run').result(), 20, 'nothing was changed');
  t.deepEqual(calls, ['good', 'bad']);
});

test('a retry is a new run with the same input, or with another one (scenario 25)', async (t) => {
  const calls: string[] = [];
  const flow = brittle(calls, { broken: false });
  const { tempolite, clock } = await engineOf(t, { workflows: [flow] });
  const run = await tempolite.start(flow, 1);
  await clock.until(run.result());

  const same = await run.retry();
  const other = await run.retry({ input: 4, id: 'other' });

  t.not(same.id, run.id);
  t.is(await clock.until(same.result()), 20);
  t.is(await clock.until(other.result()), 50);
  await t.throwsAsync(run.retry({ input: 5, id: 'other' }), { code: 'RUN_EXISTS' });
});

test('a run that is cancelled or terminated is not replayed', async (t) => {
  const idle = workflow('idle', (n$: Observable<number>) => n$.pipe(mergeMap(() => NEVER)));
  const { tempolite, clock } = await engineOf(t, { workflows: [idle] });
  for (const end of ['cancel', 'terminate'] as const) {
    const run = await tempolite.start(idle, 1);
    await run[end]();
    await t.throwsAsync(clock.until(run.result()));

    await t.throwsAsync(run.replay(), { code: 'WRONG_STATE' });
  }
});

test('a failed run is replayed while its slow sibling is in flight or later, with a crash anywhere (scenarios 1, 25)', async (t) => {
  for (const at of [2137, 8137]) {
    const performance = await swept(asked(others.orderOnce, [at, 'replay'], [at, 'replay']), 5);

    t.is(statusOf(performance), 'completed');
    t.deepEqual(outputsOf(performance), ['["charge 1","1, mended"]']);
    t.is(performance.effects.filter(({ activity: done }) => done === 'charge').length, 1);
  }
});
