import test from 'ava';
import { catchError, mergeMap, throwError, type Observable } from 'rxjs';
import { activity, saga, SagaError, step, workflow, type WorkflowDefinition } from '../../source/index.js';
import { engineOf } from '../_support/engine.js';

/** Three steps, one of which fails; what was done in the world. */
const tripOf = (failing: string): { trip: WorkflowDefinition<string, string>; world: string[] } => {
  const world: string[] = [];
  const book = (name: string): ReturnType<typeof step<string, string>> =>
    step<string, string>(
      name,
      (text) => {
        if (name === failing) throw new Error(`${name} is sold out`);
        world.push(`${name}(${text})`);
        return text + name;
      },
      (result, input) => {
        world.push(`undo ${name}(${result}, ${input})`);
      },
      { retry: { maxAttempts: 1 } },
    );
  const trip = workflow('trip', (text$: Observable<string>) =>
    text$.pipe(saga('trip', book('a'), book('b'), book('c'))),
  );
  return { trip, world };
};

const ways = {
  a: [],
  b: ['a(-)', 'undo a(-a, -)'],
  c: ['a(-)', 'b(-a)', 'undo b(-ab, -a)', 'undo a(-a, -)'],
};

for (const [failing, expected] of Object.entries(ways)) {
  test(`step ${failing} of a, b, c fails: the completed ones are undone last first, each once (scenario 30)`, async (t) => {
    const { trip, world } = tripOf(failing);
    const { tempolite, clock } = await engineOf(t, { workflows: [trip] });

    const run = await tempolite.start(trip, '-');
    await t.throwsAsync(clock.until(run.result()), { message: new RegExp(`${failing} is sold out`) });

    t.deepEqual(world, expected);
  });
}

test('a compensation that fails is retried, then reported with the original error; the others still run (scenario 30)', async (t) => {
  const world: string[] = [];
  const book = (name: string): ReturnType<typeof step<string, string>> =>
    step<string, string>(
      name,
      (text) => text + name,
      (_result, _input, { attempt }) => {
        world.push(`undo ${name} @${attempt}`);
        if (name === 'b') throw new Error('b stays');
      },
      { compensation: { retry: { maxAttempts: 3, initialInterval: '1 hour', jitter: 0 } } },
    );
  const soldOut = step<string, string>(
    'd',
    () => {
      throw new Error('d is sold out');
    },
    undefined,
    { retry: { maxAttempts: 1 } },
  );
  const trip = workflow('trip', (text$: Observable<string>) =>
    text$.pipe(saga('trip', book('a'), book('b'), book('c'), soldOut)),
  );
  const { tempolite, clock } = await engineOf(t, { workflows: [trip] });

  const run = await tempolite.start(trip, '');
  const error = await t.throwsAsync<SagaError>(clock.until(run.result()), { instanceOf: SagaError });

  t.deepEqual(world, ['undo c @1', 'undo b @1', 'undo b @2', 'undo b @3', 'undo a @1']);
  t.is(error.code, 'COMPENSATION_FAILED');
  t.regex((error.cause as Error).message, /d is sold out/);
  t.deepEqual(
    error.errors.map((one) => ((one as Error).cause as Error).message),
    ['b stays'],
  );
});

test('a failed run whose pipeline cleaned up goes back to where it failed, and cleans up again (scenario 30)', async (t) => {
  const world: string[] = [];
  let isUp = false;
  const say = (name: string): string => {
    world.push(name);
    return name;
  };
  const order = workflow('order', (text$: Observable<string>) =>
    text$.pipe(
      activity('reserve', () => say('reserve')),
      activity(
        'charge',
        () => {
          say('charge');
          if (!isUp) throw new Error('the bank is closed');
          return 'paid';
        },
        { retry: { maxAttempts: 1 } },
      ),
      catchError((error: unknown) =>
        text$.pipe(
          activity('tell', () => say('tell')),
          // eslint-disable-next-line rxjs-x/throw-error
          mergeMap((): Observable<never> => throwError(() => error)),
        ),
      ),
    ),
  );
  const { tempolite, clock } = await engineOf(t, { workflows: [order] });
  const run = await tempolite.start(order, 'x');
  await t.throwsAsync(clock.until(run.result()), { message: /the bank is closed/ });
  t.deepEqual(world.splice(0), ['reserve', 'charge', 'tell']);

  await run.replay();
  await t.throwsAsync(clock.until(run.result()), { message: /the bank is closed/ });
  t.deepEqual(world.splice(0), ['charge', 'tell']);

  isUp = true;
  await run.replay();
  t.is(await clock.until(run.result()), 'paid');
  t.deepEqual(world, ['charge']);
});

test('a failed run whose saga was compensated begins it anew, with other idempotency keys (scenario 30)', async (t) => {
  const world: string[] = [];
  let isUp = false;
  const trip = workflow('trip', (text$: Observable<string>) =>
    text$.pipe(
      activity('look', (text: string, { idempotencyKey }) => {
        world.push(idempotencyKey);
        return text;
      }),
      saga(
        'trip',
        step(
          'a',
          (text: string, { idempotencyKey }) => {
            world.push(idempotencyKey);
            return text;
          },
          (_result, _input, { idempotencyKey }) => world.push(idempotencyKey),
        ),
        step(
          'b',
          () => {
            if (!isUp) throw new Error('sold out');
            return 'booked';
          },
          undefined,
          { retry: { maxAttempts: 1 } },
        ),
      ),
    ),
  );
  const { tempolite, clock } = await engineOf(t, { workflows: [trip] });
  const run = await tempolite.start(trip, 'x', { id: 'r' });
  await t.throwsAsync(clock.until(run.result()), { message: /sold out/ });

  await run.replay();
  await t.throwsAsync(clock.until(run.result()), { message: /sold out/ });
  isUp = true;
  await run.replay();
  t.is(await clock.until(run.result()), 'booked');

  t.deepEqual(world, [
    'r/0/activity:look#0',
    'r/0/step:trip/a#0',
    'r/0/compensation:trip/a#0',
    'r/0.1/step:trip/a#0',
    'r/0.1/compensation:trip/a#0',
    'r/0.2/step:trip/a#0',
  ]);
});
