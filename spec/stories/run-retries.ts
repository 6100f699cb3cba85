import test from 'ava';
import { forkJoin, mergeMap, type Observable } from 'rxjs';
import { activity, defineActivity, execute, workflow } from '../../source/index.js';
import { deferred, engineOf } from '../_support/engine.js';
import { asked, failures, outputsOf, statusOf, swept } from '../_support/lives.js';

const once = { retry: { maxAttempts: 1 } };

test('a run that failed once after an activity had succeeded reuses its result on the automatic retry (scenario 1)', async (t) => {
  const calls: string[] = [];
  const times: number[] = [];
  const time = { now: (): number => 0 };
  const flaky = workflow(
    'flaky',
    { retry: { maxAttempts: 3, initialInterval: '1 minute', maxInterval: '1 hour', backoff: 2, jitter: 0 } },
    (n$: Observable<number>) =>
      n$.pipe(
        activity('good', (n: number) => {
          calls.push('good');
          return n + 1;
        }),
        activity(
          'bad',
          (n: number) => {
            times.push(time.now());
            if (times.length < 3) throw new Error('down');
            return n * 10;
          },
          once,
        ),
      ),
  );
  const { tempolite, clock } = await engineOf(t, { workflows: [flaky] });
  const start = clock.now();
  time.now = () => (clock.now() - start) / 60_000;
  const run = await tempolite.start(flaky, 1);

  t.is(await clock.until(run.result()), 20);
  t.deepEqual(calls, ['good']);
  t.deepEqual(times, [0, 1, 3], 'with backoff');
});

for (const how of ['by its policy', 'by replay'] as const) {
  test(`a charge that was in flight when the shipping failed is not executed again when the run is retried ${how} (scenario 1)`, async (t) => {
    const paid = deferred();
    const charges: string[] = [];
    let ships = 0;
    const charge = defineActivity('charge', once, async (n: number, { idempotencyKey }) => {
      charges.push(idempotencyKey);
      await paid.promise;
      return `charge ${n}`;
    });
    const ship = defineActivity('ship', once, (n: number) => {
      ships += 1;
      if (ships === 1) throw new Error('no lorry');
      return `parcel ${n}`;
    });
    const policy = how === 'by replay' ? {} : { retry: { maxAttempts: 2, initialInterval: 1000, jitter: 0 } };
    const order = workflow('order', policy, (n$: Observable<number>) =>
      n$.pipe(mergeMap((n) => forkJoin([execute(charge, n), execute(ship, n)]))),
    );
    const { tempolite, clock } = await engineOf(t, { workflows: [order] });
    const run = await tempolite.start(order, 1);
    if (how === 'by replay') await t.throwsAsync(clock.until(run.result()), { message: /no lorry/ });
    else await clock.settle();
    paid.resolve();
    await clock.settle();

    if (how === 'by replay') await run.replay();

    t.deepEqual(await clock.until(run.result()), ['charge 1', 'parcel 1']);
    t.is(charges.length, 1);
    t.is(ships, 2);
  });
}

test('a run that goes on failing gives up after the attempts of its policy, with the last error', async (t) => {
  let calls = 0;
  const hopeless = workflow('hopeless', { retry: { maxAttempts: 3, initialInterval: 10 } }, (n$: Observable<number>) =>
    n$.pipe(
      activity(
        'bad',
        () => {
          calls += 1;
          throw new Error(`down ${calls}`);
        },
        once,
      ),
    ),
  );
  const { tempolite, clock } = await engineOf(t, { workflows: [hopeless] });

  await t.throwsAsync(clock.until((await tempolite.start(hopeless, 1)).result()), { message: /down 3/ });
  t.is(calls, 3);
});

for (const [name, life] of Object.entries(failures)) {
  test(`${name}: retried by its policy, with a crash anywhere, it does the same (scenarios 1, 30)`, async (t) => {
    const performance = await swept(asked(life), 5);

    t.is(statusOf(performance), name === 'a saga' ? 'failed' : 'completed');
    const charges = performance.effects.filter(({ activity: done }) => done === 'charge');
    t.true(charges.every(({ executions }) => executions === 1));
    t.is(outputsOf(performance).length, name === 'a saga' ? 0 : 1);
  });
}
