import test from 'ava';
import * as io from 'io-ts';
import { concatMap, EMPTY, from, map, mergeMap, NEVER, of, range, take, throwError, toArray } from 'rxjs';
import { saga, step, workflow, type ActivityContext, type Effect } from '../../source/index.js';
import { crashEverywhere } from '../../source/testing/index.js';
import { book, bookings } from '../_support/bookings.js';
import { codeOf, messageOf, outcomeOf, rootOf } from '../_support/outcome.js';

const fails =
  (message: string): (() => never) =>
  () => {
    throw new Error(message);
  };

test('values go from step to step, in order', async (t) => {
  const double = step('double', (n: number) => Promise.resolve(n * 2));

  const { outputs } = await outcomeOf(t, () =>
    from([1, 2, 3]).pipe(
      toArray(),
      saga(
        'all',
        mergeMap((all) => all),
        double,
        double,
      ),
    ),
  );

  t.deepEqual(outputs, [4, 8, 12]);
});

test('an empty source asks for nothing, one that never emits waits', async (t) => {
  const never = step('never', fails('it ran'));

  t.deepEqual(
    await outcomeOf(t, (text$) =>
      text$.pipe(
        saga(
          'all',
          mergeMap(() => EMPTY),
          never,
        ),
      ),
    ),
    {
      outputs: [],
      error: undefined,
    },
  );
  const { error } = await outcomeOf(
    t,
    (text$) =>
      text$.pipe(
        saga(
          'all',
          mergeMap(() => NEVER),
          never,
        ),
      ),
    { cancel: true },
  );
  t.is(codeOf(error), 'RUN_CANCELLED');
});

test('an error in the source of a step passes it by', async (t) => {
  const { error } = await outcomeOf(t, (text$) =>
    text$.pipe(
      saga(
        'all',
        mergeMap(() => throwError(() => new Error('source'))),
        step('never', fails('it ran')),
      ),
    ),
  );

  t.is(messageOf(error), 'source');
});

test('a step that fails has its attempts, and is not undone', async (t) => {
  const attempts: number[] = [];
  const undone: string[] = [];

  const { error } = await outcomeOf(t, (text$) =>
    text$.pipe(
      saga(
        'all',
        step(
          'flaky',
          (_: string, { attempt }: ActivityContext<string>) => {
            attempts.push(attempt);
            throw new Error(`attempt ${attempt}`);
          },
          () => undone.push('flaky'),
          { retry: { maxAttempts: 3 } },
        ),
      ),
    ),
  );

  t.is(codeOf(error), 'ACTIVITY_FAILED');
  t.is(rootOf(error), 'attempt 3');
  t.deepEqual(attempts, [1, 2, 3]);
  t.deepEqual(undone, []);
});

test('the compensation is given the result, the input and a context with a key of its own', async (t) => {
  const told: unknown[] = [];

  await outcomeOf(t, (text$) =>
    text$.pipe(
      saga(
        'all',
        step(
          'count',
          (text: string) => new Map([[text, new Date(0)]]),
          (result, input, context: ActivityContext<Effect<string, Map<string, Date>>>) => {
            told.push(result, input, context.idempotencyKey, context.input);
          },
        ),
        step('fail', fails('no'), undefined, { retry: { maxAttempts: 1 } }),
      ),
    ),
  );

  const result = new Map([['', new Date(0)]]);
  t.deepEqual(told, [result, '', 'run/0/compensation:all/count#0', { result, input: '' }]);
});

test('a stream step hands on each value, and is undone with its last one', async (t) => {
  const told: unknown[] = [];

  const { error } = await outcomeOf(t, (text$) =>
    text$.pipe(
      saga(
        'all',
        step(
          'stream',
          () => from([1, 2, 3]),
          (result, input) => told.push(result, input),
        ),
        toArray(),
        map((all) => {
          throw new Error(all.join());
        }),
      ),
    ),
  );

  t.is(messageOf(error), '1,2,3');
  t.deepEqual(told, [3, '']);
});

test('codecs stand at the boundaries of the step, and in front of its compensation', async (t) => {
  const told: unknown[] = [];
  const amount = io.type({ amount: io.number });
  const charge = step(
    'charge',
    { run: (order: { amount: number }) => ({ amount: order.amount * 2 }) },
    (result, input) => {
      told.push(result, input);
    },
    { input: amount, output: amount },
  );

  const right = await outcomeOf(t, () => of({ amount: 2 }).pipe(saga('all', charge, map(fails('later')))));
  const refused = { amount: 'much' } as unknown as io.TypeOf<typeof amount>;
  const wrong = await outcomeOf(t, () => of(refused).pipe(saga('all', charge)));

  t.is(messageOf(right.error), 'later');
  t.deepEqual(told, [{ amount: 4 }, { amount: 2 }]);
  t.is(codeOf(wrong.error), 'DECODE_FAILED');
});

test('a synchronous firehose is worked off one by one, and an early unsubscription begins no more', async (t) => {
  const inputs: number[] = [];

  const { outputs } = await outcomeOf(t, (text$) =>
    text$.pipe(
      saga(
        'all',
        mergeMap(() => range(0, 10_000)),
        step('double', (n: number) => {
          inputs.push(n);
          return n * 2;
        }),
        take(3),
      ),
    ),
  );

  t.deepEqual(outputs, [0, 2, 4]);
  t.deepEqual(inputs, [0, 1, 2]);
});

test('steps may stand in inner pipelines, behind promises, too', async (t) => {
  const undone: string[] = [];
  const add = (name: string) =>
    step(
      name,
      (text: string) => text + name,
      (result) => undone.push(result),
    );

  const { error } = await outcomeOf(t, (text$) =>
    text$.pipe(
      saga(
        'all',
        concatMap((text) => from(Promise.resolve(text)).pipe(add('a'))),
        mergeMap(async (text) => Promise.resolve(text)),
        concatMap((text) => of(text).pipe(add('b'))),
        map((): string => {
          throw new Error('later');
        }),
      ),
    ),
  );

  t.is(messageOf(error), 'later');
  t.deepEqual(undone, ['ab', 'a']);
});

test('a step outside a saga blocks its run, and says what to do', async (t) => {
  const { error } = await outcomeOf(t, (text$) => text$.pipe(step('alone', fails('it ran'))));

  t.is(codeOf(error), 'NOT_IN_SAGA');
  t.regex(messageOf(error) ?? '', /saga\(…\)/);
});

test('a crash after any event changes nothing', async (t) => {
  const trip = workflow('trip', () =>
    of('').pipe(saga('trip', book('a:10~1'), book('b:5', { intent: true }), book('c:10!'))),
  );

  const { effects } = await crashEverywhere(trip, '', { activities: bookings }, { pairs: 10 });

  t.is(effects.length, 6);
});

test('what is no function and has no run method is refused at once', (t) => {
  // @ts-expect-error -- the type forbids it
  t.throws(() => step('wrong', 7), { code: 'INVALID_ARGUMENT' });
});
