import test from 'ava';
import { catchError, concat, defer, merge, mergeMap, of, takeUntil, throwError, timer, type Observable } from 'rxjs';
import { activity, execute, saga, step, workflow, type RetryPolicy, type StepOptions } from '../../source/index.js';
import { takes, type StubContext } from '../../source/testing/index.js';
import { doneIn, jobOf, lifeOf } from '../_support/life.js';

const hourly: RetryPolicy = { maxAttempts: 3, initialInterval: '1 hour', backoff: 2, maxInterval: '1 day', jitter: 0 };
const charge = jobOf('charge');
const ship = jobOf('ship');
const unlock = jobOf('unlock');

/** Fails until so many retries have dropped its failure. */
const failing =
  (times: number) =>
  (input: string, { dropped }: StubContext): string => {
    if (dropped < times) throw new Error(`no ${input} yet`);
    return `${input} at last`;
  };

test('a failure that was cleaned up after in catchError goes back to where it began, and is cleaned up after again (scenario 30)', async (t) => {
  const order = workflow('order', { retry: hourly }, (id$: Observable<string>) =>
    id$.pipe(
      activity(charge),
      activity(ship),
      catchError((error: unknown) =>
        execute(unlock, 'stock').pipe(mergeMap(() => throwError(() => new Error('order failed', { cause: error })))),
      ),
    ),
  );
  const engine = await lifeOf(t, {
    workflows: [order],
    activities: { charge: () => 'paid', ship: failing(2), unlock: takes(5, () => 'unlocked') },
  });

  const run = await engine.start(order, 'o1');

  t.is(await run.result(), 'paid at last');
  t.deepEqual(doneIn(engine), ['charge@1', 'ship@1', 'unlock@1', 'ship@1', 'unlock@1', 'ship@1']);
  const keys = engine.effects.filter(({ activity }) => activity === 'unlock').map((effect) => effect.idempotencyKey);
  t.is(new Set(keys).size, 2, 'what was issued behind the way back is another command');
});

test('a saga that was compensated begins anew, what came before it is kept (scenario 30)', async (t) => {
  const once: StepOptions<string, string> = { retry: { maxAttempts: 1 } };
  const outside = (): string => '';
  const order = workflow('order', { retry: hourly }, (id$: Observable<string>) =>
    id$.pipe(
      activity(charge),
      saga('trip', step('hotel', outside, outside, once), step('flight', outside, outside, once)),
    ),
  );
  let flights = 0;
  const engine = await lifeOf(t, {
    workflows: [order],
    activities: {
      charge: () => 'paid',
      'trip/hotel': takes(5, (text: string) => `${text} hotel`),
      'trip/hotel.compensation': takes(5, () => 'released'),
      'trip/flight': (text: string) => {
        flights += 1;
        if (flights < 2) throw new Error('full');
        return `${text} flight`;
      },
    },
  });

  const run = await engine.start(order, 'o1');

  t.is(await run.result(), 'paid hotel flight');
  t.deepEqual(doneIn(engine), [
    'charge@1',
    'trip/hotel@1',
    'trip/flight@1',
    'trip/hotel.compensation@1',
    'trip/hotel@1',
    'trip/flight@1',
  ]);
  const hotels = engine.effects.filter(({ activity }) => activity === 'trip/hotel');
  t.is(new Set(hotels.map(({ idempotencyKey }) => idempotencyKey)).size, 2);
});

test('a saga that is being undone when its run fails is undone once, and nothing of it is begun again (scenario 30)', async (t) => {
  const once: StepOptions<string, string> = { retry: { maxAttempts: 1 } };
  const outside = (): string => '';
  const order = workflow('order', { retry: hourly }, (id$: Observable<string>) =>
    id$.pipe(
      mergeMap((id) =>
        merge(
          of(id).pipe(
            saga(
              'trip',
              mergeMap((trip: string) =>
                merge(
                  of(trip).pipe(step('hotel', outside, outside, once)),
                  of(trip).pipe(step('flight', outside, outside, once)),
                ),
              ),
            ),
            takeUntil(timer(1)),
          ),
          of(id).pipe(activity(ship)),
        ),
      ),
    ),
  );
  let shipped = 0;
  const engine = await lifeOf(t, {
    workflows: [order],
    activities: {
      'trip/hotel': takes(5, () => 'booked'),
      'trip/hotel.compensation': takes(5, () => 'released'),
      'trip/flight': takes(10, () => Promise.reject(new Error('full'))),
      ship: takes(7, () => {
        shipped += 1;
        if (shipped < 2) throw new Error('no');
        return 'shipped';
      }),
    },
  });

  const run = await engine.start(order, 'o1');

  t.is(await run.result(), 'shipped');
  t.deepEqual(doneIn(engine), ['trip/hotel@1', 'trip/flight@1', 'ship@1', 'trip/hotel.compensation@1', 'ship@1']);
});

test('outputs of the dropped part are emitted once more by the retry, those before are not', async (t) => {
  const order = workflow('order', { retry: hourly }, (id$: Observable<string>) =>
    id$.pipe(
      mergeMap((id) =>
        concat(
          of('first'),
          execute(charge, id),
          defer(() => execute(ship, id)),
        ),
      ),
    ),
  );
  const engine = await lifeOf(t, { workflows: [order], activities: { charge: () => 'paid', ship: failing(1) } });

  const run = await engine.start(order, 'o1');
  await run.result();

  t.deepEqual(await run.outputs(), ['first', 'paid', 'o1 at last']);
});
