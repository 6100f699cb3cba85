import {
  catchError,
  concat,
  concatMap,
  defer,
  delay,
  forkJoin,
  from,
  ignoreElements,
  interval,
  map,
  merge,
  mergeMap,
  of,
  race,
  retry,
  switchMap,
  take,
  takeUntil,
  timer,
  type Observable,
} from 'rxjs';
import {
  activity,
  awaitSignal,
  compensate,
  defineSignal,
  finalizeWith,
  saga,
  scoped,
  signals,
} from '../../source/index.js';
import { signalAt } from '../../source/testing/index.js';
import { requestAt, type Scene } from '../../source/testing/scene.js';
import { book, once, play, rethrown } from './bookings.js';

const go = defineSignal<string>('go');

type Source = Observable<string>;

const ship = (name: string): ((source: Source) => Source) =>
  activity<string, string>(name, (text) => text, { retry: once });

const tidy = (name: string): ((source: Source) => Source) =>
  finalizeWith<string>(name, () => undefined, { retry: once });

const undoneAndRethrown = (name: string) => (error: unknown) => concat(compensate(name), rethrown(error));

/** Sagas and finalizers that are crashed at every append. */
export const sagaPlays: Readonly<Record<string, Scene>> = {
  'three steps': play((text$) => text$.pipe(saga('trip', book('a:10'), book('b:10'), book('c:10')))),
  'the first of three steps fails': play((text$) =>
    text$.pipe(saga('trip', book('a:10!'), book('b:10'), book('c:10'))),
  ),
  'the second of three steps fails': play((text$) =>
    text$.pipe(saga('trip', book('a:10'), book('b:10!'), book('c:10'))),
  ),
  'the third of three steps fails': play((text$) =>
    text$.pipe(saga('trip', book('a:10'), book('b:10'), book('c:10!'))),
  ),
  'a delay and a signal between steps': play(
    (text$) => text$.pipe(saga('trip', book('a:10'), delay(50), book('b:10'), awaitSignal(go), book('c:10!'))),
    { signals: [signalAt(100, go, 'go')] },
  ),
  'steps in parallel, one of which fails': play((text$) =>
    text$.pipe(
      saga(
        'trip',
        book('a:10'),
        mergeMap((text) => merge(of(text).pipe(book('b:30')), of(text).pipe(book('c:10!')))),
      ),
    ),
  ),
  'steps in parallel, the slow one of which fails, too': play((text$) =>
    text$.pipe(
      saga(
        'trip',
        mergeMap((text) =>
          merge(of(text).pipe(book('b:30!')), of(text).pipe(book('c:10!')), of(text).pipe(book('d:20'))),
        ),
      ),
    ),
  ),
  'two sagas at once': play((text$) =>
    merge(
      text$.pipe(saga('trip', book('a:10'), book('b:20'))),
      text$.pipe(
        saga('tour', book('a:12'), book('b:11!')),
        catchError(() => of('no tour')),
      ),
    ),
  ),
  'a saga that loses a race': play((text$) =>
    race(text$.pipe(saga('trip', book('a:10'), book('b:30'))), timer(25)).pipe(
      concatMap(() => of('after').pipe(ship('s:40'))),
    ),
  ),
  'a race of steps within a saga': play((text$) =>
    text$.pipe(
      saga(
        'trip',
        mergeMap((text) => race(of(text).pipe(book('a:30')), of(text).pipe(book('b:10')))),
        book('c:50'),
      ),
    ),
  ),
  'a saga under takeUntil': play(
    (text$) => text$.pipe(saga('trip', book('a:10'), book('b:30'), book('c:10')), takeUntil(signals(go))),
    { signals: [signalAt(25, go, 'go')] },
  ),
  'sagas under switchMap': play(() =>
    interval(25).pipe(
      take(3),
      switchMap((i) => of(`${i}`).pipe(saga('trip', book('a:10'), book('b:30')))),
    ),
  ),
  'sagas under take(1)': play(() =>
    from([10, 30]).pipe(
      mergeMap((ms) => of('').pipe(saga(`trip ${ms}`, book('a:5'), book(`b:${ms}`)))),
      take(1),
    ),
  ),
  'a compensation that needs three attempts': play((text$) => text$.pipe(saga('trip', book('a:10~2'), book('b:10!')))),
  'compensations that give up': play((text$) =>
    text$.pipe(saga('trip', book('a:10~'), book('b:10'), book('c:10~'), book('d:10!'))),
  ),
  'nested inner pipelines': play((text$) =>
    text$.pipe(
      saga(
        'trip',
        book('a:10'),
        concatMap((text) =>
          from(['x', 'y']).pipe(
            mergeMap((more) =>
              of(text + more).pipe(
                book('b:10'),
                delay(5),
                concatMap((deep) => of(deep).pipe(book('c:10'))),
              ),
            ),
          ),
        ),
        book('d:10!'),
      ),
    ),
  ),
  'promises between steps': play((text$) =>
    text$.pipe(
      saga(
        'trip',
        mergeMap(async (text) => Promise.resolve(text)),
        concatMap((text) => of(text).pipe(book('x:5'))),
        mergeMap(async (text) => Promise.resolve(text)),
        book('a:10'),
        mergeMap(async (text) => Promise.resolve(text)),
        concatMap((text) => of(text).pipe(book('b:10'))),
        book('c:10!'),
      ),
    ),
  ),
  'an async function within a saga': play((text$) =>
    text$.pipe(
      saga(
        'trip',
        mergeMap(
          scoped(async (text, scope) => {
            await Promise.resolve();
            await scope.sleep('nap', 5);
            return scope.sideEffect('id', () => `${text}!`);
          }),
        ),
        concatMap((text) => from(Promise.resolve(text)).pipe(book('b:10'))),
        book('c:10!'),
      ),
    ),
  ),
  'promises behind a compensation': play(
    (text$) =>
      text$.pipe(
        saga('trip', book('a:10'), book('b:10!')),
        catchError(() => Promise.resolve('caught')),
        concatMap(async (text) => Promise.resolve(text)),
        concatMap((text) => of(text).pipe(ship('s:50'))),
        tidy('t:5'),
      ),
    { requests: [requestAt(40, 'cancel')] },
  ),
  'a saga within a saga': play((text$) =>
    text$.pipe(saga('tour', book('a:10'), saga('trip', book('b:10'), book('c:10')), book('d:10!'))),
  ),
  'a saga within a saga that is left': play((text$) =>
    text$.pipe(saga('tour', book('a:10'), saga('trip', book('b:10'), book('c:30'))), takeUntil(timer(35))),
  ),
  'a saga that is tried again by retry': play((text$) =>
    text$.pipe(saga('trip', book('a:10'), book('b:10!')), retry({ count: 2, delay: 20 })),
  ),
  'several values': play(() =>
    from(['x', 'y', 'z']).pipe(
      saga('trip', book('a:10'), book('b:10')),
      map((text) => {
        if (text.startsWith('z')) throw new Error('no z');
        return text;
      }),
      catchError(undoneAndRethrown('trip')),
    ),
  ),
  'a completed saga is undone by a later operator': play((text$) =>
    text$.pipe(saga('trip', book('a:10'), book('b:10~2')), ship('s:10!'), catchError(undoneAndRethrown('trip'))),
  ),
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
