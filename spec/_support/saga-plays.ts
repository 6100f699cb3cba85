import {
  catchError,
  concatMap,
  delay,
  from,
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
} from 'rxjs';
import { awaitSignal, defineSignal, saga, scoped, signals } from '../../source/index.js';
import { signalAt } from '../../source/testing/index.js';
import { requestAt, type Scene } from '../../source/testing/scene.js';
import { book, play, ship, tidy, undoneAndRethrown } from './bookings.js';
import { sagaEndPlays } from './saga-end-plays.js';

const go = defineSignal<string>('go');

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
  ...sagaEndPlays,
};
