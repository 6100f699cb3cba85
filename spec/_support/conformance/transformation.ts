/* eslint-disable @typescript-eslint/no-deprecated -- what RxJS still exports is used by somebody */
import {
  buffer,
  bufferCount,
  bufferToggle,
  bufferWhen,
  concatMap,
  concatMapTo,
  EMPTY,
  exhaust,
  exhaustAll,
  exhaustMap,
  expand,
  flatMap,
  groupBy,
  map,
  mapTo,
  mergeAll,
  mergeMap,
  mergeMapTo,
  mergeScan,
  pairwise,
  pluck,
  scan,
  switchAll,
  switchMap,
  switchMapTo,
  switchScan,
  toArray,
  window,
  windowCount,
  windowToggle,
  windowWhen,
} from 'rxjs';
import type { Observable } from 'rxjs';
import type { Cases } from './sources.js';

const gathered = mergeMap((each: Observable<number>) => each.pipe(toArray()));

export const transformation: Cases = {
  buffer: ({ a, b }) => a.pipe(buffer(b)),
  bufferCount: ({ a }) => a.pipe(bufferCount(3)),
  bufferToggle: ({ a, b, work }) => a.pipe(bufferToggle(b, () => work(60, 'close'))),
  bufferWhen: ({ a, work }) => a.pipe(bufferWhen(() => work(45, 'close'))),
  concatMap: ({ a, work }) => a.pipe(concatMap((n) => work(41, n * 10))),
  concatMapTo: ({ a, work }) => a.pipe(concatMapTo(work(41, 'inner'))),
  exhaust: ({ a, work }) =>
    a.pipe(
      map((n) => work(41, n)),
      exhaust(),
    ),
  exhaustAll: ({ a, work }) =>
    a.pipe(
      map((n) => work(41, n)),
      exhaustAll(),
    ),
  exhaustMap: ({ a, work }) => a.pipe(exhaustMap((n) => work(41, n))),
  expand: ({ work }) => work(10, 1).pipe(expand((n) => (n < 4 ? work(n * 7, n + 1) : EMPTY))),
  flatMap: ({ a, work }) => a.pipe(flatMap((n) => work(45 - n * 9, n))),
  groupBy: ({ a, work }) =>
    a.pipe(
      groupBy((n) => n % 2),
      mergeMap((group) => group.pipe(concatMap((n) => work(61, `${group.key}: ${n}`)))),
    ),
  map: ({ a }) => a.pipe(map((n) => n * 2)),
  mapTo: ({ a }) => a.pipe(mapTo('same')),
  mergeAll: ({ a, work }) =>
    a.pipe(
      map((n) => work(55 - n * 11, n)),
      mergeAll(2),
    ),
  mergeMap: ({ a, work }) => a.pipe(mergeMap((n) => work(55 - n * 11, n))),
  mergeMapTo: ({ a, work }) => a.pipe(mergeMapTo(work(41, 'inner'))),
  mergeScan: ({ a, work }) => a.pipe(mergeScan((sum, n) => work(7, sum + n), 0)),
  pairwise: ({ a }) => a.pipe(pairwise()),
  pluck: ({ a }) =>
    a.pipe(
      map((n) => ({ n })),
      pluck('n'),
    ),
  scan: ({ a }) => a.pipe(scan((sum, n) => sum + n, 0)),
  switchAll: ({ a, work }) =>
    a.pipe(
      map((n) => work(35, n)),
      switchAll(),
    ),
  switchMap: ({ a, work }) => a.pipe(switchMap((n) => work(35, n))),
  switchMapTo: ({ a, work }) => a.pipe(switchMapTo(work(35, 'inner'))),
  switchScan: ({ a, work }) => a.pipe(switchScan((sum, n) => work(35, sum + n), 0)),
  toArray: ({ a }) => a.pipe(toArray()),
  window: ({ a, b }) => a.pipe(window(b), gathered),
  windowCount: ({ a }) => a.pipe(windowCount(3), gathered),
  windowToggle: ({ a, b, work }) =>
    a.pipe(
      windowToggle(b, () => work(60, 'close')),
      gathered,
    ),
  windowWhen: ({ a, work }) =>
    a.pipe(
      windowWhen(() => work(45, 'close')),
      gathered,
    ),
};
