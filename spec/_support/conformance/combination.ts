/* eslint-disable @typescript-eslint/no-deprecated -- what RxJS still exports is used by somebody */
import {
  AsyncSubject,
  BehaviorSubject,
  combineAll,
  combineLatestAll,
  combineLatestWith,
  concatAll,
  concatWith,
  connect,
  endWith,
  map,
  merge,
  mergeWith,
  multicast,
  publish,
  publishBehavior,
  publishLast,
  publishReplay,
  raceWith,
  refCount,
  ReplaySubject,
  share,
  shareReplay,
  startWith,
  Subject,
  withLatestFrom,
  zipAll,
  zipWith,
  of,
  mergeMap,
  take,
  type Observable,
} from 'rxjs';
import type { Cases, Sources } from './sources.js';

/** Two who listen from the beginning, one who comes later. */
const heard = (shared: Observable<unknown>, { work }: Sources): Observable<unknown> =>
  merge(
    shared,
    shared.pipe(take(2)),
    work(60, 'late').pipe(mergeMap(() => shared.pipe(map((n) => `late ${String(n)}`)))),
  );

const through = (subject: Subject<unknown>, sources: Sources): Observable<unknown> =>
  merge(
    heard(subject, sources),
    sources.a.pipe(
      mergeMap((n) => {
        subject.next(n);
        if (n === 4) subject.complete();
        return of();
      }),
    ),
  );

export const combination: Cases = {
  AsyncSubject: (sources) => through(new AsyncSubject(), sources),
  BehaviorSubject: (sources) => through(new BehaviorSubject<unknown>(0), sources),
  combineAll: ({ a }) => of(a, a).pipe(combineAll()),
  combineLatestAll: ({ a, b }) => of<Observable<number | string>[]>(a, b).pipe(combineLatestAll()),
  combineLatestWith: ({ a, b }) => a.pipe(combineLatestWith(b)),
  concatAll: ({ a, work }) =>
    a.pipe(
      map((n) => work(41, n)),
      concatAll(),
    ),
  concatWith: ({ a, b }) => a.pipe(concatWith(b)),
  connect: (sources) => sources.a.pipe(connect((shared) => heard(shared, sources))),
  endWith: ({ a }) => a.pipe(endWith('end')),
  mergeWith: ({ a, b }) => a.pipe(mergeWith(b)),
  multicast: (sources) =>
    sources.a.pipe(
      multicast(
        () => new Subject<number>(),
        (shared) => heard(shared, sources) as Observable<number>,
      ),
    ),
  publish: (sources) => sources.a.pipe(publish((shared) => heard(shared, sources) as Observable<number>)),
  publishBehavior: (sources) => heard(sources.a.pipe(publishBehavior(0), refCount()), sources),
  publishLast: (sources) => heard(sources.a.pipe(publishLast(), refCount()), sources),
  publishReplay: (sources) => heard(sources.a.pipe(publishReplay(1), refCount()), sources),
  raceWith: ({ a, b, work }) => b.pipe(raceWith(a, work(25, 'third'))),
  refCount: (sources) => heard(sources.a.pipe(publish(), refCount()), sources),
  ReplaySubject: (sources) => through(new ReplaySubject(5, 45), sources),
  share: (sources) => heard(sources.a.pipe(share()), sources),
  shareReplay: (sources) =>
    heard(sources.a.pipe(shareReplay({ bufferSize: 5, windowTime: 25, refCount: true })), sources),
  startWith: ({ a }) => a.pipe(startWith('start')),
  Subject: (sources) => through(new Subject(), sources),
  withLatestFrom: ({ a, b }) => a.pipe(withLatestFrom(b)),
  zipAll: ({ a, b }) => of<Observable<number | string>[]>(a, b).pipe(zipAll()),
  zipWith: ({ a, b }) => a.pipe(zipWith(b)),
};
