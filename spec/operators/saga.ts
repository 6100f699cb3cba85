import test from 'ava';
import {
  concat,
  EMPTY,
  from,
  map,
  mergeMap,
  NEVER,
  of,
  range,
  take,
  takeUntil,
  throwError,
  timer,
  toArray,
} from 'rxjs';
import { saga, step, workflow } from '../../source/index.js';
import { crashEverywhere } from '../../source/testing/index.js';
import { book, bookings } from '../_support/bookings.js';
import { codeOf, messageOf, outcomeOf } from '../_support/outcome.js';

/** A step that says what it and its compensation do. */
const tells = (done: string[], name: string) =>
  step<string, string>(
    name,
    (text) => {
      done.push(name + text);
      return text + name;
    },
    (result) => {
      done.push(`-${result}`);
    },
  );

test('each value has a saga of its own, one after the other', async (t) => {
  const done: string[] = [];

  const { outputs } = await outcomeOf(t, () => from(['1', '2']).pipe(saga('trip', tells(done, 'a'), tells(done, 'b'))));

  t.deepEqual(outputs, ['1ab', '2ab']);
  t.deepEqual(done, ['a1', 'b1a', 'a2', 'b2a']);
});

test('what a saga gives is emitted once it has completed, all of it', async (t) => {
  const done: string[] = [];

  const { outputs } = await outcomeOf(t, (text$) =>
    text$.pipe(
      saga(
        'trip',
        tells(done, 'a'),
        mergeMap((text) => from([`${text}1`, `${text}2`])),
        tells(done, 'b'),
      ),
      map((text) => `${text} after ${done.length}`),
    ),
  );

  t.deepEqual(outputs, ['a1b after 3', 'a2b after 3']);
});

test('an empty source completes with nothing done', async (t) => {
  const done: string[] = [];

  const outcome = await outcomeOf(t, () => EMPTY.pipe(saga('trip', tells(done, 'a'))));

  t.deepEqual(outcome, { outputs: [], error: undefined });
  t.deepEqual(done, []);
});

test('a source that never emits waits, and has nothing to undo', async (t) => {
  const done: string[] = [];

  const { error } = await outcomeOf(t, () => NEVER.pipe(saga('trip', tells(done, 'a'))), { cancel: true });

  t.is(codeOf(error), 'RUN_CANCELLED');
  t.deepEqual(done, []);
});

test('an error in the source leaves completed sagas as they are', async (t) => {
  const done: string[] = [];

  const { outputs, error } = await outcomeOf(t, () =>
    concat(
      of('1').pipe(saga('trip', tells(done, 'a'))),
      throwError(() => new Error('source')),
    ).pipe(saga('tour', tells(done, 'b'))),
  );

  t.deepEqual(outputs, []);
  t.is(messageOf(error), 'source');
  t.deepEqual(done, ['a1'], 'what was asked for in the turn that failed never began');
});

test('an error in a projector within the saga undoes what was done', async (t) => {
  const done: string[] = [];

  const { error } = await outcomeOf(t, (text$) =>
    text$.pipe(
      saga(
        'trip',
        tells(done, 'a'),
        map((): string => {
          throw new Error('projector');
        }),
        tells(done, 'b'),
      ),
    ),
  );

  t.is(messageOf(error), 'projector');
  t.deepEqual(done, ['a', '-a']);
});

test('an early unsubscription leaves values that have not begun alone', async (t) => {
  const done: string[] = [];

  const { outputs } = await outcomeOf(t, () => from(['1', '2', '3']).pipe(saga('trip', tells(done, 'a')), take(1)));

  t.deepEqual(outputs, ['1a']);
  t.deepEqual(done, ['a1']);
});

test('a saga that is unsubscribed from is undone in the background, and the run ends after that', async (t) => {
  const done: string[] = [];

  const { outputs } = await outcomeOf(t, (text$) =>
    concat(
      text$.pipe(
        saga(
          'trip',
          tells(done, 'a'),
          mergeMap(() => NEVER),
        ),
        takeUntil(timer(1000)),
      ),
      of('goes on'),
    ),
  );

  t.deepEqual(outputs, ['goes on']);
  t.deepEqual(done, ['a', '-a']);
});

test('a synchronous firehose begins no more sagas than are asked for', async (t) => {
  const done: string[] = [];

  const { outputs } = await outcomeOf(t, () =>
    range(0, 10_000).pipe(map(String), saga('trip', tells(done, 'a')), take(3)),
  );

  t.deepEqual(outputs, ['0a', '1a', '2a']);
  t.deepEqual(done, ['a0', 'a1', 'a2']);
});

test('a crash after any event changes nothing', async (t) => {
  const trips = workflow('trips', () =>
    from(['1', '2']).pipe(
      saga('trip', book('a:10'), book('b:10')),
      saga('tour', book('c:10'), book('d:10!')),
      toArray(),
    ),
  );

  const { effects } = await crashEverywhere(trips, '', { activities: bookings }, { pairs: 10 });

  t.deepEqual(
    effects.map(({ idempotencyKey }) => idempotencyKey.slice('trips/0/'.length)),
    [
      'step:trip/a:10#0',
      'step:trip/b:10#0',
      'step:tour/c:10#0',
      'step:trip/a:10#1',
      'step:tour/d:10!#0',
      'step:trip/b:10#1',
      'compensation:tour/c:10#0',
    ],
  );
});

test('a name that cannot be part of a key is refused at once', (t) => {
  t.throws(() => saga('a#b', map(String)), { code: 'INVALID_ARGUMENT' });
});
