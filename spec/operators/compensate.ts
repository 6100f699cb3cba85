import test from 'ava';
import {
  catchError,
  concat,
  concatMap,
  EMPTY,
  from,
  lastValueFrom,
  map,
  mergeMap,
  of,
  takeUntil,
  throwError,
  timer,
} from 'rxjs';
import { compensate, saga, step, workflow } from '../../source/index.js';
import { crashEverywhere } from '../../source/testing/index.js';
import { book, bookings } from '../_support/bookings.js';
import { codeOf, outcomeOf } from '../_support/outcome.js';

const tells = (undone: string[], name: string, fails = false) =>
  step<string, string>(
    name,
    (text) => text + name,
    (result) => {
      if (fails) throw new Error(`${name} stays`);
      undone.push(result);
    },
    { compensation: { retry: { maxAttempts: 1 } } },
  );

test('the sagas of the name are undone, the last one first, and those of others are not', async (t) => {
  const undone: string[] = [];

  const { outputs, error } = await outcomeOf(t, () =>
    concat(
      from(['1', '2']).pipe(saga('trip', tells(undone, 'a'), tells(undone, 'b'))),
      of('3').pipe(saga('tour', tells(undone, 'c'))),
      compensate('trip'),
      of('end'),
    ),
  );

  t.is(error, undefined);
  t.deepEqual(outputs, ['1ab', '2ab', '3c', 'end']);
  t.deepEqual(undone, ['2ab', '2a', '1ab', '1a']);
});

test('where there is nothing to undo it completes at once', async (t) => {
  const undone: string[] = [];

  const { outputs } = await outcomeOf(t, (text$) =>
    concat(compensate('trip'), EMPTY.pipe(saga('trip', tells(undone, 'a'))), compensate('trip'), text$),
  );

  t.deepEqual(outputs, ['']);
});

test('asking twice, or for a saga that has failed, does nothing more', async (t) => {
  const undone: string[] = [];
  const failing = saga(
    'trip',
    tells(undone, 'b'),
    map((): string => {
      throw new Error('no');
    }),
  );

  await outcomeOf(t, (text$) =>
    concat(
      text$.pipe(saga('trip', tells(undone, 'a'))),
      text$.pipe(
        failing,
        catchError(() => EMPTY),
      ),
      compensate('trip'),
      compensate('trip'),
    ),
  );

  t.deepEqual(undone, ['b', 'a']);
});

test('compensations that give up are told of, and the others have run', async (t) => {
  const undone: string[] = [];

  const { error } = await outcomeOf(t, (text$) =>
    text$.pipe(
      saga('trip', tells(undone, 'a'), tells(undone, 'b', true), tells(undone, 'c')),
      mergeMap(() => compensate('trip')),
    ),
  );

  t.is(codeOf(error), 'COMPENSATION_FAILED');
  t.deepEqual(undone, ['abc', 'a']);
});

test('unsubscribing does not stop it', async (t) => {
  const undone: string[] = [];
  const slow = step<string, string>(
    'slow',
    (text) => `${text}slow`,
    (result, _input, { attempt }) => {
      if (attempt < 3) throw new Error('not yet');
      undone.push(result);
    },
    { compensation: { retry: { maxAttempts: 5, initialInterval: '1 hour' } } },
  );

  const { outputs, error } = await outcomeOf(t, (text$) =>
    text$.pipe(
      saga('trip', tells(undone, 'a'), slow),
      concatMap(() => concat(compensate('trip').pipe(takeUntil(timer(1000))), of('goes on'))),
    ),
  );

  t.is(error, undefined);
  t.deepEqual(outputs, ['goes on']);
  t.deepEqual(undone, ['aslow', 'a']);
});

test('a crash after any event changes nothing', async (t) => {
  const trips = workflow('trips', () =>
    from(['1', '2']).pipe(
      saga('trip', book('a:10'), book('b:10~1')),
      map((text) => {
        if (text.startsWith('2')) throw new Error('no 2');
        return text;
      }),
      catchError((error: unknown) =>
        concat(
          compensate('trip'),
          throwError(() => error),
        ),
      ),
    ),
  );

  const { effects } = await crashEverywhere(trips, '', { activities: bookings }, { pairs: 10 });

  t.deepEqual(
    effects
      .filter(({ idempotencyKey }) => idempotencyKey.includes('compensation'))
      .map(({ input }) => (input as { result: string }).result),
    ['2ab', '2ab', '2a', '1ab', '1ab', '1a'],
  );
});

test('outside a workflow it says so', async (t) => {
  await t.throwsAsync(lastValueFrom(compensate('trip')), { code: 'NOT_IN_WORKFLOW' });
  t.throws(() => compensate('a#b'), { code: 'INVALID_ARGUMENT' });
});
