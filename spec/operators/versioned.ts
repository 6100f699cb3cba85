import test from 'ava';
import {
  concat,
  concatMap,
  defaultIfEmpty,
  defer,
  EMPTY,
  from,
  map,
  merge,
  NEVER,
  of,
  range,
  Subject,
  take,
  tap,
  throwError,
  toArray,
  type Observable,
} from 'rxjs';
import { activity, sleep, versioned } from '../../source/index.js';
import { takes } from '../../source/testing/index.js';
import { crashed, performed, recorded, type Body } from '../_support/performed.js';

const old = map((n: number) => `old ${n}`);
const recent = map((n: number) => `new ${n}`);

test('every value of a new run goes through the newest branch, by one choice', async (t) => {
  const played = await performed((n$) =>
    n$.pipe(
      concatMap((n) => range(0, n)),
      versioned('scoring', { 0: old, 1: recent }),
    ),
  );

  t.deepEqual(played.outputs, ['new 0', 'new 1', 'new 2']);
  t.deepEqual(recorded(played), ['version-chosen version:scoring#0']);
});

test('the branch is one pipeline for all values, not one for each', async (t) => {
  const { outputs } = await performed(() => from([1, 2, 3]).pipe(versioned('scoring', { 0: toArray() })));

  t.deepEqual(outputs, [[1, 2, 3]]);
});

test('a branch may make something of an empty source', async (t) => {
  const { outputs, status } = await performed(() =>
    (EMPTY as Observable<number>).pipe(versioned('scoring', { 0: defaultIfEmpty(7) })),
  );

  t.deepEqual([outputs, status], [[7], 'completed']);
});

test('a source that never emits is waited for, and nothing is chosen', async (t) => {
  const played = await performed(() => NEVER.pipe(versioned('scoring', { 0: old, 1: recent })));

  t.deepEqual([played.status, recorded(played)], ['waiting', []]);
});

test('an error of the source comes to the branch after the values before it', async (t) => {
  const { outputs, error } = await performed(() =>
    concat(
      of(1, 2),
      defer(() => throwError(() => new RangeError('no more'))),
    ).pipe(versioned('scoring', { 0: old, 1: recent })),
  );

  t.deepEqual(outputs, ['new 1', 'new 2']);
  t.is((error as Error).message, 'no more');
});

test('what a branch makes its source emit is not lost, nor does it overtake what came before', async (t) => {
  const { outputs } = await performed((n$) =>
    defer(() => {
      const more = new Subject<number>();
      const asks = tap((n: number) => {
        if (n < 3) more.next(n + 10);
      });
      return merge(n$.pipe(concatMap((n) => range(0, n + 1))), more).pipe(
        versioned('scoring', { 0: old, 1: (values$) => values$.pipe(asks, recent) }),
        take(7),
      );
    }),
  );

  t.deepEqual(
    outputs,
    [0, 1, 2, 3, 10, 11, 12].map((n) => `new ${n}`),
  );
});

test('an error of a branch fails the run', async (t) => {
  const { error } = await performed((n$) =>
    n$.pipe(
      versioned('scoring', {
        0: map((n: number): string => {
          throw new RangeError(`no ${n}`);
        }),
      }),
    ),
  );

  t.is((error as Error).message, 'no 3');
});

test('unsubscribing stops it', async (t) => {
  const { outputs } = await performed(() => range(0, 10).pipe(versioned('a', { 0: old, 1: recent }), take(2)));

  t.deepEqual(outputs, ['new 0', 'new 1']);
});

test('a thousand values at once come out in order', async (t) => {
  const { outputs } = await performed(() => range(0, 1000).pipe(versioned('a', { 0: recent }), toArray()));

  t.deepEqual(outputs, [Array.from({ length: 1000 }, (_, n) => `new ${n}`)]);
});

test('the oldest branch may have been dropped', async (t) => {
  const { outputs } = await performed((n$) => n$.pipe(versioned('a', { 4: old, 5: recent })));

  t.deepEqual(outputs, ['new 3']);
});

for (const branches of [{}, { 0: old, 2: recent }, { '-1': old, 0: recent }, { 0.5: old }]) {
  test(`branches ${Object.keys(branches).join(', ') || 'that are none'} are refused`, (t) => {
    t.throws(() => versioned('a', branches as { 0: typeof old }), { code: 'INVALID_ARGUMENT' });
  });
}

const world = { activities: { work: takes('2 seconds', (n: number) => n * 2) } };

const branching: Body = (n$) =>
  n$.pipe(
    concatMap((n) => range(0, n)),
    versioned('first', { 0: activity('work', (n: number) => n), 1: sleep('1 hour') }),
    versioned('second', {
      0: old,
      1: (source) =>
        source.pipe(
          activity('work', (n: number) => n, { concurrency: 3 }),
          recent,
        ),
    }),
  );

test('a crash anywhere changes no choice', async (t) => {
  const { outputs } = await performed(branching, world);
  const points = await crashed(branching, world);

  t.deepEqual(outputs, ['new 0', 'new 2', 'new 4']);
  t.true(points > 30);
});
