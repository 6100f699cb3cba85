import {
  catchError,
  concatMap,
  defer,
  delay,
  forkJoin,
  ignoreElements,
  map,
  merge,
  mergeMap,
  of,
  race,
  retry,
  takeUntil,
  timer,
} from 'rxjs';
import { saga } from '../../source/index.js';
import { requestAt, type Scene } from '../../source/testing/scene.js';
import { book, play, rethrown, ship, tidy, undoneAndRethrown } from './bookings.js';

/** How sagas and finalizers end: given up, cut off, cancelled, retried. Crashed at every append. */
export const sagaEndPlays: Readonly<Record<string, Scene>> = {
  'finalizers in inner pipelines': play((text$) =>
    merge(
      text$.pipe(ship('a:10'), tidy('t:5')),
      text$.pipe(ship('b:20'), tidy('u:30'), takeUntil(timer(15))),
      text$.pipe(
        ship('c:12!'),
        tidy('v:5'),
        catchError(() => of('caught')),
      ),
    ).pipe(tidy('w:10')),
  ),
  'a finalizer that gives up': play((text$) => text$.pipe(ship('a:10'), tidy('t:5!'))),
  'a failed run whose finalizer gives up': play((text$) => text$.pipe(ship('a:10!'), tidy('t:5!'), tidy('u:9'))),
  'a step without a compensation and a finalizer in a saga': play((text$) =>
    text$.pipe(saga('trip', book('a:10'), tidy('t:20'), ship('s:10'), book('b:10!'))),
  ),
  ...Object.fromEntries(
    [5, 15, 25, 35, 45, 52, 57, 61].map((at) => [
      `cancelled after ${at} ms`,
      play(
        (text$) =>
          text$.pipe(
            saga('trip', book('a:10'), delay(10), book('b:10'), book('c:10!')),
            catchError(() => of('fallback')),
            retry(),
            tidy('t:5'),
          ),
        { requests: [requestAt(at, 'cancel')] },
      ),
    ]),
  ),
  'cancelled, and a compensation gives up': play(
    (text$) => text$.pipe(saga('trip', book('a:10~'), book('b:10'), book('c:100')), tidy('t:5')),
    { requests: [requestAt(25, 'cancel')] },
  ),
  'clean-up is cut off': play(
    (text$) => text$.pipe(saga('trip', book('a:10'), book('b:500')), tidy('t:600')),
    { requests: [requestAt(25, 'cancel')] },
    { cleanUpLimit: 100 },
  ),
  'clean-up of a completed run is cut off': play(
    (text$) => text$.pipe(ship('s:10'), tidy('t:600')),
    {},
    { cleanUpLimit: 100 },
  ),
  'a saga is begun anew by a retry': play(
    (text$) => text$.pipe(saga('trip', book('a:10'), book('b:10?'), book('c:10'))),
    {},
    { retry: { initialInterval: 100, jitter: 0 } },
  ),
  'a run that cleaned up is retried, and cleans up again': play(
    (text$) =>
      text$.pipe(
        ship('a:10'),
        ship('b:10!'),
        catchError((error: unknown) =>
          of('').pipe(
            ship('t:10'),
            mergeMap(() => rethrown(error)),
          ),
        ),
      ),
    {},
    { retry: { maxAttempts: 3, initialInterval: 100, jitter: 0 } },
  ),
  'siblings of a saga that is begun anew': play(
    (text$) =>
      forkJoin([
        text$.pipe(ship('x:5'), delay(3), ship('y:5')),
        text$.pipe(saga('trip', book('a:10'), book('b:10?'))),
        text$.pipe(ship('z:50')),
      ]),
    {},
    { retry: { initialInterval: 100, jitter: 0 } },
  ),
  'a saga that is left because its sibling fails': play(
    (text$) =>
      forkJoin([text$.pipe(saga('trip', book('a:10'), book('b:40'), book('c:10'))), text$.pipe(ship('x:25?'))]),
    {},
    { retry: { initialInterval: 100, jitter: 0 } },
  ),
  'a completed saga that is undone by a run that is retried': play(
    (text$) =>
      text$.pipe(saga('trip', book('a:10'), book('b:10')), ship('s:10?'), catchError(undoneAndRethrown('trip'))),
    {},
    { retry: { initialInterval: 100, jitter: 0 } },
  ),
  'the compensations of a saga go on beyond the failure of its run': play(
    (text$) =>
      merge(
        text$.pipe(saga('trip', book('a:5'), book('b:5'), book('c:100')), takeUntil(timer(20))),
        text$.pipe(ship('x:22?')),
        text$.pipe(ship('y:200'), ignoreElements()),
      ),
    {},
    { retry: { initialInterval: 300, jitter: 0 } },
  ),
  'the loser within a completed saga is undone after the run has failed': play(
    (text$) =>
      text$.pipe(
        saga(
          'trip',
          mergeMap((text) => race(of(text).pipe(book('a:5')), of(text).pipe(book('b:60')))),
        ),
        ship('s:20?'),
      ),
    {},
    { retry: { initialInterval: 300, jitter: 0 } },
  ),
  'a projector within a saga throws': play(
    (text$) => {
      return text$.pipe(
        saga(
          'trip',
          book('a:10'),
          map(() => {
            throw new Error('a bug');
          }),
          book('b:10'),
        ),
      );
    },
    {},
    { retry: { maxAttempts: 2, initialInterval: 100, jitter: 0 } },
  ),
  'cancelled while it waits for its retry': play(
    (text$) => text$.pipe(saga('trip', book('a:10'), book('b:10!')), tidy('t:5')),
    { requests: [requestAt(60, 'cancel')] },
    { retry: { maxAttempts: 3, initialInterval: 100, jitter: 0 } },
  ),
  'a completed run whose finalizer gave up is retried': play(
    (text$) => text$.pipe(ship('s:10'), tidy('t:5?'), tidy('u:5')),
    { requests: [requestAt(100, 'replay')] },
  ),
  'deferred sagas': play(() =>
    defer(() => of('').pipe(saga('trip', book('a:10')))).pipe(
      concatMap((text) => of(text).pipe(saga('trip', book('a:10'), book('b:10!')))),
      catchError(() => of('end')),
    ),
  ),
};
