import test from 'ava';
import { defer, EMPTY, forkJoin, map, merge, mergeMap, throwError, type Observable } from 'rxjs';
import { activity, execute, workflow, type RetryPolicy } from '../../source/index.js';
import { takes, type StubContext } from '../../source/testing/index.js';
import { countOf, doneIn, jobOf, lifeOf } from '../_support/life.js';

const hour = 60 * 60 * 1000;
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

test('what had succeeded before the failure is not executed again (scenario 1)', async (t) => {
  const order = workflow('order', { retry: hourly }, (id$: Observable<string>) =>
    id$.pipe(
      activity(charge),
      activity(ship),
      map((text) => text.toUpperCase()),
    ),
  );
  const engine = await lifeOf(t, {
    workflows: [order],
    activities: { charge: takes(5, (id: string) => `paid ${id}`), ship: failing(1) },
  });
  const begin = engine.clock.now();

  const run = await engine.start(order, 'o1');
  t.is(await run.result(), 'PAID O1 AT LAST');

  t.deepEqual(doneIn(engine), ['charge@1', 'ship@1', 'ship@1']);
  t.is(engine.clock.now() - begin, hour + 5);
  t.is(new Set(engine.effects.slice(1).map(({ idempotencyKey }) => idempotencyKey)).size, 1);
});

test('a slow charge beside a shipping that fails at once is let finish, and not made again (scenario 1)', async (t) => {
  const order = workflow('order', { retry: hourly }, (id$: Observable<string>) =>
    id$.pipe(mergeMap((id) => forkJoin([execute(charge, id), execute(ship, id)]))),
  );
  const engine = await lifeOf(t, {
    workflows: [order],
    activities: { charge: takes('30 minutes', (id: string) => `paid ${id}`), ship: failing(1) },
  });

  const run = await engine.start(order, 'o1');
  t.deepEqual(await run.result(), ['paid o1', 'o1 at last']);

  t.deepEqual(doneIn(engine), ['charge@1', 'ship@1', 'ship@1']);
  t.is(engine.effects[0]?.cancelledAt, undefined);
  t.is(engine.effects[0]?.executions, 1);
});

test('a charge that outlasts the wait for the retry is still in flight after it, and not begun again (scenario 1)', async (t) => {
  const order = workflow('order', { retry: hourly }, (id$: Observable<string>) =>
    id$.pipe(mergeMap((id) => forkJoin([execute(charge, id), execute(ship, id)]))),
  );
  const engine = await lifeOf(t, {
    workflows: [order],
    activities: { charge: takes('90 minutes', (id: string) => `paid ${id}`), ship: failing(1) },
  });
  const begin = engine.clock.now();

  const run = await engine.start(order, 'o1');
  t.deepEqual(await run.result(), ['paid o1', 'o1 at last']);

  t.deepEqual(
    engine.effects.map(({ activity, executions }) => [activity, executions]),
    [
      ['charge', 1],
      ['ship', 1],
      ['ship', 1],
    ],
  );
  t.is(engine.clock.now() - begin, 1.5 * hour);
});

for (const [how, retry, done] of [
  ['at all', undefined, ['ship@1']],
  ['before its retry', hourly, ['ship@1', 'charge@1']],
] as const) {
  test(`what a run asks for in the turn in which it fails is not begun ${how}`, async (t) => {
    let isOpen = false;
    const order = workflow('order', retry ? { retry } : {}, (id$: Observable<string>) =>
      id$.pipe(
        activity(ship),
        mergeMap((text) =>
          merge(
            execute(charge, text),
            defer(() => (isOpen ? EMPTY : throwError(() => new Error('the shop is closed')))),
          ),
        ),
      ),
    );
    const activities = { charge: takes(5, (id: string) => `paid ${id}`), ship: failing(0) };
    const engine = await lifeOf(t, { workflows: [order], activities });

    const run = await engine.start(order, 'o1');
    await engine.advance('10 minutes');
    t.deepEqual(doneIn(engine), ['ship@1']);
    isOpen = true;
    await engine.advance('2 hours');

    t.deepEqual(doneIn(engine), done);
    t.is((await run.state()).status, retry ? 'completed' : 'failed');
  });
}

test('intervals grow, are counted across crashes, and the last failure is the run’s', async (t) => {
  const order = workflow('order', { retry: hourly }, (id$: Observable<string>) => id$.pipe(activity(ship)));
  const engine = await lifeOf(t, { workflows: [order], activities: { ship: failing(9) } });
  const begin = engine.clock.now();
  const run = await engine.start(order, 'o1');
  t.like(await run.state(), { status: 'waiting' });

  await engine.crash({ for: '30 minutes' });
  await engine.advance('1 hour');
  await engine.crash();
  await t.throwsAsync(run.result(), { message: /ship/ });

  t.deepEqual(
    engine.effects.map(({ startedAt }) => (startedAt - begin) / hour),
    [0, 1, 3],
  );
  t.is((await run.state()).status, 'failed');
  t.is(countOf(await run.events(), 'run-retried'), 2);
});

test('the attempts of an activity begin anew with each retry of the run', async (t) => {
  const twice = jobOf('twice', 2);
  const order = workflow('order', { retry: { ...hourly, maxAttempts: 2 } }, (id$: Observable<string>) =>
    id$.pipe(activity(twice)),
  );
  const engine = await lifeOf(t, { workflows: [order], activities: { twice: failing(9) } });

  const run = await engine.start(order, 'o1');
  await t.throwsAsync(run.result());

  t.deepEqual(doneIn(engine), ['twice@1', 'twice@2', 'twice@1', 'twice@2']);
});

test('an error that is not to be retried fails the run at once', async (t) => {
  const policy = { ...hourly, nonRetryable: (error: unknown) => String((error as Error).cause).includes('stolen') };
  const order = workflow('order', { retry: policy }, (id$: Observable<string>) => id$.pipe(activity(charge)));
  const engine = await lifeOf(t, {
    workflows: [order],
    activities: {
      charge: () => {
        throw new Error('stolen card');
      },
    },
  });
  const begin = engine.clock.now();

  const run = await engine.start(order, 'o1');
  await t.throwsAsync(run.result());

  t.is(engine.clock.now(), begin);
  t.is(countOf(await run.events(), 'run-retried'), 0);
});

test('a pipeline that throws by itself is begun where it threw, what was recorded before is kept', async (t) => {
  let throws = 2;
  const order = workflow('order', { retry: hourly }, (id$: Observable<string>) =>
    id$.pipe(
      activity(charge),
      map((text) => {
        throws -= 1;
        if (throws >= 0) throw new TypeError('not now');
        return text;
      }),
    ),
  );
  const engine = await lifeOf(t, { workflows: [order], activities: { charge: () => 'paid' } });

  const run = await engine.start(order, 'o1');

  t.is(await run.result(), 'paid');
  t.deepEqual(doneIn(engine), ['charge@1']);
});
