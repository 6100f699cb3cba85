/* eslint-disable @typescript-eslint/no-deprecated -- what RxJS still exports is used by somebody */
import {
  combineLatest,
  concat,
  connectable,
  defer,
  delay,
  empty,
  EMPTY,
  forkJoin,
  from,
  generate,
  iif,
  interval,
  map,
  merge,
  mergeMap,
  NEVER,
  never,
  of,
  onErrorResumeNext,
  pairs,
  partition,
  race,
  range,
  scheduled,
  asyncScheduler,
  take,
  takeUntil,
  tap,
  throwError,
  timer,
  using,
  zip,
} from 'rxjs';
import type { Cases } from './sources.js';

export const creation: Cases = {
  combineLatest: ({ a, b }) => combineLatest([a, b]),
  concat: ({ a, b }) => concat(a, b),
  connectable: ({ a }) => {
    const shared = connectable(a);
    return merge(shared, shared.pipe(take(2))).pipe(tap({ subscribe: () => shared.connect() }));
  },
  defer: ({ a }) => defer(() => a),
  empty: ({ a }) => concat(empty(), a),
  EMPTY: ({ a }) => concat(EMPTY, a),
  forkJoin: ({ a, b }) => forkJoin([a, b]),
  from: ({ work }) => from([10, 5, 7]).pipe(mergeMap((ms) => work(ms, ms))),
  generate: ({ work }) =>
    generate(
      1,
      (n) => n < 4,
      (n) => n + 1,
    ).pipe(mergeMap((n) => work(n * 10, n))),
  iif: ({ a, b }) => a.pipe(mergeMap((n) => iif(() => n === 2, b, of(n)))),
  interval: ({ a }) => merge(interval(33).pipe(take(3)), a),
  merge: ({ a, b }) => merge(a, b),
  NEVER: ({ a, work }) => merge(NEVER, a).pipe(takeUntil(work(100, 'end'))),
  never: ({ a, work }) => merge(never(), a).pipe(takeUntil(work(100, 'end'))),
  of: ({ work }) => of(1, 2).pipe(mergeMap((n) => work(n, n))),
  onErrorResumeNext: ({ e, b }) => onErrorResumeNext(e, b),
  pairs: ({ work }) => pairs({ one: 1, two: 2 }).pipe(mergeMap(([key, n]) => work(n * 10, key))),
  partition: ({ a }) => {
    const [even, odd] = partition(a, (n) => n % 2 === 0);
    return merge(even.pipe(map((n) => `even ${n}`)), odd);
  },
  race: ({ a, b, work }) => race(b, a, work(15, 'first')),
  range: ({ work }) => range(1, 3).pipe(mergeMap((n) => work(40 - n, n))),
  scheduled: ({ a }) => merge(scheduled([7, 8], asyncScheduler), a),
  throwError: ({ a }) =>
    concat(
      a.pipe(take(2)),
      throwError(() => new Error('thrown')),
    ),
  timer: ({ a }) => merge(timer(33, 44).pipe(take(3)), timer(5), a),
  using: ({ a }) =>
    using(
      () => ({ unsubscribe: () => undefined }),
      () => a.pipe(delay(0)),
    ),
  zip: ({ a, b }) => zip(a, b),
};
