import test from 'ava';
import * as TE from 'fp-ts/lib/TaskEither.js';
import { catchError, of, type Observable } from 'rxjs';
import { activity, ActivityError, fromTaskEither, workflow, type ActivityContext } from '../../source/index.js';
import { engineOf } from '../_support/engine.js';

interface Declined {
  readonly reason: string;
}

test('a right is the result of the activity', async (t) => {
  const greeting = workflow('greeting', (name$: Observable<string>) =>
    name$.pipe(
      activity(
        'greet',
        fromTaskEither((name: string, { attempt }: ActivityContext<string>) => TE.right(`${name}, ${attempt}`)),
      ),
    ),
  );
  const { tempolite, clock } = await engineOf(t, { workflows: [greeting] });

  const run = await tempolite.start(greeting, 'Ada');

  t.is(await clock.until(run.result()), 'Ada, 1');
});

test('a left fails each attempt, and is the cause of the failure as it was', async (t) => {
  const attempts: number[] = [];
  const charge = fromTaskEither(
    (card: string, { attempt }: ActivityContext<string>): TE.TaskEither<Declined, string> => {
      attempts.push(attempt);
      return TE.left({ reason: `${card} has expired` });
    },
  );
  const order = workflow('order', (card$: Observable<string>) =>
    card$.pipe(
      activity('charge', charge, { retry: { maxAttempts: 2 } }),
      catchError((error: unknown) => of(error instanceof ActivityError ? (error.cause as Declined) : undefined)),
    ),
  );
  const { tempolite, clock } = await engineOf(t, { workflows: [order] });

  const run = await tempolite.start(order, 'visa');

  t.deepEqual(await clock.until(run.result()), { reason: 'visa has expired' });
  t.deepEqual(attempts, [1, 2]);
});

test('a task that rejects fails the attempt as a promise does', async (t) => {
  const order = workflow('order', (card$: Observable<string>) =>
    card$.pipe(
      activity(
        'charge',
        fromTaskEither(() => (): Promise<never> => Promise.reject(new Error('down'))),
        { retry: { maxAttempts: 1 } },
      ),
    ),
  );
  const { tempolite, clock } = await engineOf(t, { workflows: [order] });

  const run = await tempolite.start(order, 'visa');

  const error = await t.throwsAsync(clock.until(run.result()), { code: 'ACTIVITY_FAILED' });
  t.is((error.cause as Error).message, 'down');
});
