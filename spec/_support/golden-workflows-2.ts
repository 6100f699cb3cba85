import { concat, map, mergeMap, of, type Observable } from 'rxjs';
import {
  awaitSignal,
  childWorkflow,
  continueAsNew,
  expose,
  finalizeWith,
  getVersion,
  saga,
  step,
  transaction,
  workflow,
  type AnyWorkflow,
} from '../../source/index.js';
import { amendment, approval, workflowsOfBoth } from './golden-workflows.js';

/** What schema 2 brought, on top of the workflows of both. This text, too, stays as it is. */
export const workflowsOfTwo = (did: (what: string) => void, newest = 1) => {
  const both = workflowsOfBoth(did);

  const once = { retry: { maxAttempts: 1 } } as const;
  const book = (name: string) =>
    step(
      name,
      (trip: string, { idempotencyKey }) => {
        did(`book ${name} as ${idempotencyKey}`);
        if (name === 'car') throw new Error('no car left');
        return `${trip}, ${name}`;
      },
      (result: string) => {
        did(`undo ${name}: ${result}`);
      },
      once,
    );

  const travelling = workflow('travelling', (trip$: Observable<string>) =>
    trip$.pipe(
      saga(
        'trip',
        book('flight'),
        book('hotel'),
        awaitSignal(approval, (_, trip) => trip),
        book('car'),
      ),
    ),
  );

  const delegating = workflow('delegating', (what$: Observable<string>) =>
    what$.pipe(
      childWorkflow(both.approving),
      map((text) => `the child says: ${text}`),
    ),
  );

  /** Each approval ends a link; the third link waits for an amendment. */
  const counting = workflow('counting', (n$: Observable<number>) =>
    n$.pipe(
      mergeMap((n) =>
        n < 2
          ? of(n).pipe(
              awaitSignal(approval),
              mergeMap(() => continueAsNew(n + 1)),
            )
          : of(n).pipe(awaitSignal(amendment, ({ until }, at) => `${at}: ${until.toISOString()}`)),
      ),
    ),
  );

  const exposing = workflow('exposing', (n$: Observable<number>) =>
    n$.pipe(
      mergeMap((n) => concat(of(n), of(n + 1))),
      expose('progress'),
      awaitSignal(approval, (who, n) => `${n} by ${who}`),
    ),
  );

  const choosing = workflow('choosing', (what$: Observable<string>) =>
    what$.pipe(
      mergeMap((what) => getVersion('change', 0, newest).pipe(map((version) => `${what} of version ${version}`))),
      awaitSignal(approval, (who, what) => `${what} by ${who}`),
    ),
  );

  const tidying = workflow('tidying', (what$: Observable<string>) =>
    what$.pipe(
      awaitSignal(approval),
      finalizeWith('tidy', () => {
        did('tidy');
      }),
    ),
  );

  const booking = workflow('booking', (title$: Observable<string>) =>
    title$.pipe(
      transaction('book', (title) => [{ sql: 'INSERT INTO bookings (title) VALUES (?)', args: [title] }]),
      awaitSignal(approval),
      transaction('approve', (who) => [{ sql: 'INSERT INTO bookings (title) VALUES (?)', args: [who] }]),
      map(() => 'booked'),
    ),
  );

  const all: readonly AnyWorkflow[] = [
    ...both.all,
    travelling,
    delegating,
    counting,
    exposing,
    choosing,
    tidying,
    booking,
  ];
  return { ...both, travelling, delegating, counting, exposing, choosing, tidying, booking, all };
};
