import test from 'ava';
import { EMPTY, from, map, merge, mergeMap, NEVER, of, range, take, takeUntil, timer } from 'rxjs';
import { saga, step, type ActivityContext } from '../../source/index.js';
import { book, play } from '../_support/bookings.js';
import { played } from '../_support/played.js';

test('step is performed for each value, one after the other, and compensated last first', async (t) => {
  const scene = play((text$) =>
    text$.pipe(
      saga(
        'trip',
        mergeMap(() => from(['x', 'y'])),
        book('a:10'),
        book('b:30!'),
      ),
    ),
  );

  const { done } = await played(scene);

  t.deepEqual(done, [
    '0 trip/a:10',
    '10 trip/b:30!',
    '10 trip/a:10',
    '40 trip/a:10.compensation',
    '47 trip/a:10.compensation',
  ]);
});

test('step of an empty source does nothing', async (t) => {
  const scene = play((text$) =>
    text$.pipe(
      saga(
        'trip',
        mergeMap(() => EMPTY),
        book('a:10'),
      ),
    ),
  );

  const { shown, done } = await played(scene);

  t.deepEqual(shown, ['0 completed']);
  t.deepEqual(done, []);
});

test('step of a source that never emits does nothing', async (t) => {
  const scene = play((text$) =>
    text$.pipe(
      saga(
        'trip',
        mergeMap(() => NEVER),
        book('a:10'),
      ),
    ),
  );

  const { done, status } = await played(scene);

  t.deepEqual(done, []);
  t.is(status, 'waiting');
});

test('step in flight when its source fails is let finish and compensated', async (t) => {
  const scene = play((text$) =>
    text$.pipe(
      saga(
        'trip',
        mergeMap((text) => merge(of(text), timer(5).pipe(map(() => fail('no more'))))),
        book('a:10'),
      ),
    ),
  );

  const { shown, done, error } = await played(scene);

  t.deepEqual(shown, ['17 failed']);
  t.is((error as Error).message, 'no more');
  t.deepEqual(done, ['0 trip/a:10', '10 trip/a:10.compensation']);
});

test('step whose input a projector cannot make is not begun', async (t) => {
  const scene = play((text$) =>
    text$.pipe(
      saga(
        'trip',
        map((): string => fail('a bug')),
        book('a:10'),
      ),
    ),
  );

  const { shown, done } = await played(scene);

  t.deepEqual(shown, ['0 failed']);
  t.deepEqual(done, []);
});

test('step that is unsubscribed from gets its AbortSignal, and is compensated if it takes effect all the same', async (t) => {
  const scene = play((text$) =>
    text$.pipe(
      saga(
        'trip',
        mergeMap((text) => of(text).pipe(book('a:30'), takeUntil(timer(10)))),
        book('b:10'),
      ),
    ),
  );

  const { shown, done } = await played(scene);

  t.deepEqual(shown, ['37 completed']);
  t.deepEqual(done, ['0 trip/a:30, stop at 10', '30 trip/a:30.compensation']);
});

test('step works on a synchronous firehose one value after the other', async (t) => {
  const scene = play((text$) =>
    text$.pipe(
      saga(
        'trip',
        mergeMap(() => range(0, 500)),
        map((n) => `${n} `),
        book('a:10'),
        take(2),
      ),
    ),
  );

  const { shown, done } = await played(scene);

  t.deepEqual(shown, ['20 "0 a"', '20 "1 a"', '20 completed']);
  t.deepEqual(done, ['0 trip/a:10', '10 trip/a:10']);
});

test('step without a compensation has nothing to undo', async (t) => {
  const bare = step<string, string>('x:5', () => 'never called');
  const scene = play((text$) => text$.pipe(saga('trip', book('a:10'), bare, book('b:10!'))));

  const { done } = await played(scene);

  t.deepEqual(done, ['0 trip/a:10', '10 trip/x:5', '15 trip/b:10!', '25 trip/a:10.compensation']);
});

test('step that has failed is not compensated', async (t) => {
  const scene = play((text$) => text$.pipe(saga('trip', book('a:10!'))));

  const { done } = await played(scene);

  t.deepEqual(done, ['0 trip/a:10!']);
});

test('step outside a saga blocks its run', async (t) => {
  const lost = play((text$) => text$.pipe(book('a:10')));

  const { status, error, done } = await played(lost);

  t.is(status, 'blocked');
  t.is((error as { readonly code: string }).code, 'NOT_IN_SAGA');
  t.deepEqual(done, []);
});

test('step refuses what cannot be called', (t) => {
  t.throws(() => step('a', 7 as unknown as (n: number, context: ActivityContext<number>) => number), {
    code: 'INVALID_ARGUMENT',
    message: /step\("a"\) needs a function/,
  });
});

const fail = (message: string): never => {
  throw new Error(message);
};
