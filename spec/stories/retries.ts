import test from 'ava';
import { catchError, map, mergeMap, of, type Observable } from 'rxjs';
import { activity, defineActivity, execute, workflow, type ActivityContext } from '../../source/index.js';
import { engineOf } from '../_support/engine.js';

test('attempts and the next due time survive a restart', async (t) => {
  const attempts: { readonly attempt: number; readonly at: number; readonly key: string }[] = [];
  const time = { now: (): number => 0 };
  const flaky = workflow('flaky', (n$: Observable<number>) =>
    n$.pipe(
      activity(
        'flaky',
        (n: number, { attempt, idempotencyKey }: ActivityContext<number>) => {
          attempts.push({ attempt, at: time.now(), key: idempotencyKey });
          if (attempt < 3) throw new Error(`down ${attempt}`);
          return n * 2;
        },
        { retry: { maxAttempts: 3, initialInterval: '1 hour', backoff: 2, maxInterval: '1 day', jitter: 0 } },
      ),
    ),
  );
  const first = await engineOf(t, { workflows: [flaky] });
  const { clock, url } = first;
  const start = clock.now();
  time.now = () => clock.now() - start;
  await first.tempolite.start(flaky, 21, { id: 'flaky' });
  await clock.advanceTo(start + 30 * 60_000);
  await first.tempolite.close();

  const second = await engineOf(t, { workflows: [flaky], url, clock });
  t.is(await clock.until(second.tempolite.run('flaky', flaky).result()), 42);

  t.deepEqual(
    attempts.map(({ attempt, at }) => [attempt, at / 60_000]),
    [
      [1, 0],
      [2, 60],
      [3, 180],
    ],
  );
  t.is(new Set(attempts.map(({ key }) => key)).size, 1);
});

test('the budget is per step', async (t) => {
  const calls = new Map<string, number>();
  const flaky = defineActivity(
    'flaky',
    { retry: { maxAttempts: 2, initialInterval: 1, jitter: 0 } },
    (name: string, { attempt }: ActivityContext<string>) => {
      calls.set(name, (calls.get(name) ?? 0) + 1);
      if (attempt === 1) throw new Error('down');
      return name;
    },
  );
  const steps = workflow('steps', (n$: Observable<string>) =>
    n$.pipe(
      activity(flaky),
      map((name) => `${name}b`),
      activity(flaky),
      map((name) => `${name}c`),
      activity(flaky),
    ),
  );
  const { tempolite, clock } = await engineOf(t, { workflows: [steps] });

  t.is(await clock.until((await tempolite.start(steps, 'a')).result()), 'abc');
  t.deepEqual([...calls.values()], [2, 2, 2]);
});

class Refused extends Error {
  override readonly name = 'Refused';
  readonly code = 'REFUSED';
}

test('a non-retryable error stops at once, and keeps its class name, code and cause', async (t) => {
  let calls = 0;
  const strict = workflow('strict', (n$: Observable<number>) =>
    n$.pipe(
      activity(
        'strict',
        () => {
          calls += 1;
          throw new Refused('card stolen', { cause: new RangeError('limit') });
        },
        { retry: { maxAttempts: 5, nonRetryable: ['Refused'] } },
      ),
    ),
  );
  const { tempolite, clock } = await engineOf(t, { workflows: [strict] });

  const error = await t.throwsAsync(clock.until((await tempolite.start(strict, 1)).result()));

  t.is(calls, 1);
  const cause = error.cause as Refused;
  t.is(cause.name, 'Refused');
  t.is(cause.code, 'REFUSED');
  t.is(cause.message, 'card stolen');
  t.is((cause.cause as Error).message, 'limit');
});

test('retryAfter of an error is kept', async (t) => {
  const times: number[] = [];
  const time = { now: (): number => 0 };
  const limited = workflow('limited', (n$: Observable<number>) =>
    n$.pipe(
      activity(
        'limited',
        (n: number, { attempt }: ActivityContext<number>) => {
          times.push(time.now());
          if (attempt === 1) throw Object.assign(new Error('429'), { retryAfter: '2 minutes' });
          return n;
        },
        { retry: { maxAttempts: 2, initialInterval: 10, jitter: 0 } },
      ),
    ),
  );
  const { tempolite, clock } = await engineOf(t, { workflows: [limited] });
  const start = clock.now();
  time.now = () => clock.now() - start;

  t.is(await clock.until((await tempolite.start(limited, 5)).result()), 5);
  t.deepEqual(times, [0, 120_000]);
});

test('jitter comes from the random that the engine was given', async (t) => {
  const times: number[] = [];
  const time = { now: (): number => 0 };
  const flaky = workflow('flaky', (n$: Observable<number>) =>
    n$.pipe(
      activity(
        'flaky',
        (n: number, { attempt }: ActivityContext<number>) => {
          times.push(time.now());
          if (attempt < 3) throw new Error('down');
          return n;
        },
        { retry: { maxAttempts: 3, initialInterval: 1000, backoff: 1, jitter: 0.5 } },
      ),
    ),
  );
  const { tempolite, clock } = await engineOf(t, { workflows: [flaky], random: () => 0 });
  const start = clock.now();
  time.now = () => clock.now() - start;
  await clock.until((await tempolite.start(flaky, 5)).result());

  t.true(times[1]! >= 500 && times[1]! <= 1500 && times[1] !== 1000, times.join());
});

test('a failed activity reaches catchError with its chain, and the run goes on', async (t) => {
  const charge = defineActivity('charge', { retry: { maxAttempts: 1 } }, (n: number) => {
    if (n > 100) throw new Refused('too much');
    return 'paid';
  });
  const paying = workflow('paying', (n$: Observable<number>) =>
    n$.pipe(
      mergeMap((n) =>
        execute(charge, n).pipe(
          catchError((error: unknown) => {
            const { code, message } = (error as Error).cause as Refused;
            return of(`${code}: ${message}`);
          }),
        ),
      ),
    ),
  );
  const { tempolite } = await engineOf(t, { workflows: [paying] });

  t.is(await (await tempolite.start(paying, 500)).result(), 'REFUSED: too much');
});
