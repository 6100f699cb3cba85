import test from 'ava';
import {
  catchError,
  concat,
  concatMap,
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
} from 'rxjs';
import { saga, SagaError } from '../../source/index.js';
import { book, play } from '../_support/bookings.js';
import { played } from '../_support/played.js';

test('saga performs its steps in order for each value, each fed the result of the one before', async (t) => {
  const scene = play(() => from(['x', 'y']).pipe(saga('trip', book('a:10'), book('b:5'))));

  const { shown, done } = await played(scene);

  t.deepEqual(shown, ['15 "xab"', '30 "yab"', '30 completed']);
  t.deepEqual(done, ['0 trip/a:10', '10 trip/b:5', '15 trip/a:10', '25 trip/b:5']);
});

test('saga of an empty source completes and does nothing', async (t) => {
  const scene = play(() => EMPTY.pipe(saga('trip', book('a:10'))));

  const { shown, done } = await played(scene);

  t.deepEqual(shown, ['0 completed']);
  t.deepEqual(done, []);
});

test('saga of a source that never emits waits', async (t) => {
  const scene = play(() => NEVER.pipe(saga('trip', book('a:10'))));

  const { shown, done, status } = await played(scene);

  t.deepEqual(shown, []);
  t.deepEqual(done, []);
  t.is(status, 'waiting');
});

test('saga that waits for good between its steps emits nothing and compensates nothing', async (t) => {
  const scene = play((text$) =>
    text$.pipe(
      saga(
        'trip',
        book('a:10'),
        mergeMap(() => NEVER),
        book('b:10'),
      ),
    ),
  );

  const { shown, done, status } = await played(scene);

  t.deepEqual(shown, []);
  t.deepEqual(done, ['0 trip/a:10']);
  t.is(status, 'waiting');
});

test('saga emits what its steps have emitted when it has completed', async (t) => {
  const scene = play((text$) =>
    text$.pipe(
      saga(
        'trip',
        mergeMap(() => from(['x', 'y'])),
        book('a:10'),
      ),
    ),
  );

  const { shown } = await played(scene);

  t.deepEqual(shown, ['20 "xa"', '20 "ya"', '20 completed']);
});

test('saga whose steps emit nothing emits nothing', async (t) => {
  const scene = play((text$) =>
    text$.pipe(
      saga(
        'trip',
        book('a:10'),
        concatMap(() => EMPTY),
      ),
    ),
  );

  const { shown, done } = await played(scene);

  t.deepEqual(shown, ['10 completed']);
  t.deepEqual(done, ['0 trip/a:10']);
});

test('saga is compensated when its source fails under way, what it has emitted before is not', async (t) => {
  const source$ = concat(from(['x', 'y']), timer(25).pipe(mergeMap(() => throwError(() => new Error('no more')))));
  const scene = play(() => source$.pipe(saga('trip', book('a:10'), book('b:10'))));

  const { shown, done, error } = await played(scene);

  t.deepEqual(shown, ['20 "xab"', '37 failed']);
  t.is((error as Error).message, 'no more');
  t.deepEqual(done, ['0 trip/a:10', '10 trip/b:10', '20 trip/a:10, stop at 25', '30 trip/a:10.compensation']);
});

test('saga is compensated when a projector between its steps throws', async (t) => {
  const scene = play((text$) =>
    text$.pipe(
      saga(
        'trip',
        book('a:10'),
        book('b:10'),
        map((): string => {
          throw new TypeError('a bug');
        }),
        book('c:10'),
      ),
    ),
  );

  const { shown, done, error } = await played(scene);

  t.deepEqual(shown, ['34 failed']);
  t.is((error as Error).name, 'TypeError');
  t.deepEqual(done, ['0 trip/a:10', '10 trip/b:10', '20 trip/b:10.compensation', '27 trip/a:10.compensation']);
});

test('saga that is unsubscribed from is compensated, and its step in flight is told to stop', async (t) => {
  const scene = play((text$) => text$.pipe(saga('trip', book('a:10'), book('b:30')), takeUntil(timer(15))));

  const { shown, done } = await played(scene);

  t.deepEqual(shown, ['54 completed']);
  t.deepEqual(done, [
    '0 trip/a:10',
    '10 trip/b:30, stop at 15',
    '40 trip/b:30.compensation',
    '47 trip/a:10.compensation',
  ]);
});

test('saga that is unsubscribed from before its first step has begun does nothing', async (t) => {
  const scene = play((text$) => text$.pipe(saga('trip', book('a:10')), takeUntil(of('at once'))));

  const { shown, done } = await played(scene);

  t.deepEqual(shown, ['0 completed']);
  t.deepEqual(done, []);
});

test('saga works on a synchronous firehose one value after the other, and begins nothing that nobody takes', async (t) => {
  const scene = play(() =>
    range(0, 500).pipe(
      map((n) => `${n} `),
      saga('trip', book('a:10'), book('b:10')),
      take(2),
    ),
  );

  const { shown, done } = await played(scene);

  t.deepEqual(shown, ['20 "0 ab"', '40 "1 ab"', '40 completed']);
  t.deepEqual(done, ['0 trip/a:10', '10 trip/b:10', '20 trip/a:10', '30 trip/b:10']);
});

test('saga fails with what its step failed with, after its compensations', async (t) => {
  const scene = play((text$) =>
    text$.pipe(
      saga('trip', book('a:10'), book('b:10!')),
      catchError((error: unknown) => of(((error as Error).cause as Error).message)),
    ),
  );

  const { shown } = await played(scene);

  t.deepEqual(shown, ['27 "b is sold out"', '27 completed']);
});

test('saga reports compensations that give up with the error that it failed with, and runs the others', async (t) => {
  const scene = play((text$) => text$.pipe(saga('trip', book('a:10'), book('b:10~'), book('c:10!'))));

  const { done, error } = await played(scene);

  t.deepEqual(done.slice(3), [
    '30 trip/b:10~.compensation',
    '42 trip/b:10~.compensation@2',
    '54 trip/b:10~.compensation@3',
    '61 trip/a:10.compensation',
  ]);
  t.true(error instanceof SagaError);
  const { code, errors, cause } = error as SagaError;
  t.is(code, 'COMPENSATION_FAILED');
  t.regex((errors[0] as Error).message, /b cannot be undone/);
  t.is(errors.length, 1);
  t.regex((cause as Error).message, /c is sold out/);
});

test('saga of a retried run begins anew once it has been compensated, with other idempotency keys', async (t) => {
  const scene = play(
    (text$) => text$.pipe(saga('trip', book('a:10'), book('b:10?'))),
    {},
    { retry: { initialInterval: 100, jitter: 0 } },
  );

  const { shown, done, events } = await played(scene);

  t.deepEqual(shown, ['27 failed', '147 "ab"', '147 completed']);
  t.deepEqual(done, ['0 trip/a:10', '10 trip/b:10?', '20 trip/a:10.compensation', '127 trip/a:10', '137 trip/b:10?']);
  t.deepEqual(
    events.flatMap((event) => ('key' in event && event.key === 'step:trip/a:10#0' ? [event.epoch] : [])),
    [0, 1],
  );
});

test('saga refuses a name that cannot be recorded', (t) => {
  t.throws(() => saga('', book('a:10')), { code: 'INVALID_ARGUMENT' });
});
