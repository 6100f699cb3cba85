/* eslint-disable @typescript-eslint/no-deprecated -- what RxJS still exports is used by somebody */
import {
  asapScheduler,
  catchError,
  concatMap,
  defer,
  dematerialize,
  finalize,
  map,
  materialize,
  merge,
  mergeMap,
  observeOn,
  of,
  onErrorResumeNextWith,
  queueScheduler,
  repeat,
  repeatWhen,
  retry,
  retryWhen,
  subscribeOn,
  take,
  tap,
  throwError,
  type ObservableNotification,
} from 'rxjs';
import type { Cases } from './sources.js';

export const errors: Cases = {
  catchError: ({ e, work }) => e.pipe(catchError(() => work(17, 'second way'))),
  onErrorResumeNextWith: ({ e, b }) => e.pipe(onErrorResumeNextWith(b)),
  retry: ({ e }) => e.pipe(retry(2)),
  retryWhen: ({ e, work }) =>
    e.pipe(
      retryWhen((errors$) =>
        errors$.pipe(concatMap((error: unknown, n) => (n < 2 ? work(13, n) : throwError(() => error as Error)))),
      ),
    ),
};

export const utilities: Cases = {
  dematerialize: ({ a }) =>
    a.pipe(
      map((value): ObservableNotification<number> => (value < 3 ? { kind: 'N', value } : { kind: 'C' })),
      dematerialize(),
    ),
  finalize: ({ a }) => {
    const ended: string[] = [];
    return a.pipe(
      mergeMap((n) => of(n).pipe(finalize(() => ended.push(`end ${n}`)))),
      map((n) => `${n} after ${ended.join()}`),
    );
  },
  materialize: ({ a }) =>
    a.pipe(
      materialize(),
      map(({ kind }) => kind),
    ),
  observeOn: ({ a }) => merge(a.pipe(observeOn(asapScheduler)), a.pipe(observeOn(queueScheduler))),
  repeat: ({ work }) => work(15, 'again').pipe(repeat(3)),
  repeatWhen: ({ work }) =>
    work(15, 'again').pipe(
      repeatWhen((ends$) =>
        ends$.pipe(
          take(2),
          mergeMap(() => work(8, 'pause')),
        ),
      ),
    ),
  subscribeOn: ({ a, work }) => merge(a.pipe(subscribeOn(queueScheduler)), work(5, 'other')),
  tap: ({ a }) =>
    defer(() => {
      let sum = 0;
      return a.pipe(
        tap((n) => (sum += n)),
        map(() => sum),
      );
    }),
};
