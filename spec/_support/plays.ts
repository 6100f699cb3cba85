import {
  auditTime,
  bufferTime,
  catchError,
  combineLatest,
  concat,
  concatMap,
  debounceTime,
  defer,
  delay,
  delayWhen,
  EMPTY,
  exhaustMap,
  expand,
  forkJoin,
  from,
  groupBy,
  interval,
  map,
  merge,
  mergeMap,
  of,
  race,
  repeat,
  retry,
  sampleTime,
  scan,
  share,
  shareReplay,
  switchMap,
  take,
  takeUntil,
  throttleTime,
  throwError,
  timeInterval,
  timeout,
  timer,
  timestamp,
  toArray,
  windowTime,
  withLatestFrom,
  zip,
  type Observable,
} from 'rxjs';
import {
  activity,
  awaitSignal,
  execute,
  scoped,
  sideEffect,
  signals,
  sleep,
  type SignalDefinition,
} from '../../source/index.js';
import { signalAt } from '../../source/testing/index.js';
import type { Scene } from '../../source/testing/scene.js';
import { doubled, go, job, play, start, stop, stream, three } from './play-world.js';

/** Pipelines that are crashed after every single event. */
export const plays: Readonly<Record<string, Scene>> = {
  'activities in sequence': play((input$) =>
    input$.pipe(
      mergeMap((n) => from(Array.from({ length: n }, (_, i) => ({ ms: 10 + i, value: `v${i}` })))),
      concatMap((spec) => execute(job, spec)),
    ),
  ),
  'fan-out with mergeMap': play((input$) => input$.pipe(mergeMap(() => three))),
  'failed attempts and their retries': play((input$) =>
    input$.pipe(
      mergeMap(() => of({ ms: 4, value: 'x', failures: 2 }, { ms: 9, value: 'y' })),
      activity(job),
    ),
  ),
  'an activity that fails for good': play((input$) =>
    merge(
      input$.pipe(
        map(() => ({ ms: 4, value: 'x', failures: 9 })),
        activity(job),
      ),
      timer(100).pipe(map(() => 'late')),
    ),
  ),
  'catchError with a second way': play((input$) =>
    input$.pipe(
      map(() => ({ ms: 4, value: 'x', failures: 9 })),
      activity(job),
      catchError(() => execute(job, { ms: 8, value: 'second way' })),
    ),
  ),
  delay: play((input$) => merge(three, input$).pipe(delay(15))),
  delayWhen: play(() => three.pipe(delayWhen((v) => timer(v === 'b' ? 50 : 3)))),
  'timer and interval': play(() => merge(three, timer(5, 11).pipe(take(4)), interval(8).pipe(take(3)))),
  'timeout of the first value': play(() =>
    execute(job, { ms: 50, value: 'slow' }).pipe(timeout({ first: 20, with: () => of('too late') })),
  ),
  'timeout of each value': play(() =>
    three.pipe(
      timeout({ each: 13 }),
      catchError(() => of('gap')),
    ),
  ),
  debounceTime: play(() => three.pipe(debounceTime(10))),
  'throttleTime, both edges': play(() => three.pipe(throttleTime(10, undefined, { leading: true, trailing: true }))),
  auditTime: play(() => three.pipe(auditTime(10))),
  sampleTime: play(() => three.pipe(sampleTime(14))),
  bufferTime: play(() => three.pipe(bufferTime(16))),
  windowTime: play(() =>
    three.pipe(
      windowTime(16),
      mergeMap((window$) => window$.pipe(toArray())),
    ),
  ),
  'retry with a delay': play(() => {
    let tries = 0;
    return defer(() => {
      tries += 1;
      const last = tries === 3;
      return execute(job, { ms: 4, value: `try ${tries}` }).pipe(
        mergeMap((v) => (last ? of(v) : throwError(() => new Error(v)))),
      );
    }).pipe(retry({ count: 5, delay: 9 }));
  }),
  'repeat with a delay': play(() => execute(job, { ms: 4, value: 'again' }).pipe(repeat({ count: 3, delay: 9 }))),
  'timeInterval and timestamp': play(() =>
    three.pipe(
      timeInterval(),
      timestamp(),
      scan((text: string, { value, timestamp: at }) => `${text}${value.value}${value.interval}@${at % 100_000} `, ''),
    ),
  ),
  'shareReplay with a window': play(() => {
    const shared = three.pipe(shareReplay({ bufferSize: 5, windowTime: 15, refCount: false }));
    return merge(shared, timer(25).pipe(mergeMap(() => shared)), timer(40).pipe(mergeMap(() => shared)));
  }),
  'race of jobs': play(() =>
    race(execute(job, { ms: 30, value: 'slow' }), execute(job, { ms: 10, value: 'fast' }), timer(20)).pipe(
      concatMap((v) => concat(of(v), execute(job, { ms: 25, value: 'after' }))),
    ),
  ),
  'race of signal, timer and job': play(
    () => race(of(0).pipe(awaitSignal(go)), timer(60), execute(job, { ms: 50, value: 'job' })),
    [signalAt(40, go, 'go')],
  ),
  'signals under take': play(
    () =>
      concat(
        signals(go).pipe(take(1)),
        of(0).pipe(
          sleep(20),
          awaitSignal(go, (text) => `then ${text}`),
        ),
      ),
    ['one', 'two', 'three'].map((payload) => signalAt(10, go, payload)),
  ),
  'a letter that two races in a row give back': play(() => {
    const next = (signal: SignalDefinition<string>): Observable<string> => signals(signal).pipe(take(1));
    const choice = race(next(stop), next(go));
    return next(start).pipe(mergeMap(() => concat(choice, choice, next(go), next(go))));
  }, [
    ...[5, 20, 30].map((at, n) => signalAt(at, go, `go ${n}`)),
    ...[5, 5].map((at) => signalAt(at, stop, 'stop')),
    signalAt(7, start, 'start'),
  ]),
  'takeUntil a signal': play(
    () =>
      interval(7).pipe(
        mergeMap((i) => execute(job, { ms: 3, value: `t${i}` })),
        takeUntil(signals(go)),
      ),
    [signalAt(40, go, 'stop')],
  ),
  switchMap: play(() =>
    interval(10).pipe(
      take(4),
      switchMap((i) => execute(job, { ms: i === 2 ? 5 : 14, value: `s${i}` })),
    ),
  ),
  exhaustMap: play(() =>
    interval(10).pipe(
      take(6),
      exhaustMap((i) => execute(job, { ms: 23, value: `e${i}` })),
    ),
  ),
  'forkJoin and zip': play(() =>
    concat(
      forkJoin([execute(job, { ms: 9, value: 'l' }), execute(job, { ms: 4, value: 'r' })]),
      zip(three, interval(6)),
    ),
  ),
  'combineLatest and withLatestFrom': play(() => {
    const clock$ = timer(1, 9).pipe(take(4));
    return combineLatest([three, clock$.pipe(withLatestFrom(interval(4)))]);
  }),
  expand: play((input$) =>
    input$.pipe(
      map((n) => `x${n}`),
      expand((v) => (v.length > 5 ? EMPTY : execute(job, { ms: 6, value: `${v}!` }))),
    ),
  ),
  share: play(() => {
    const shared = three.pipe(share());
    return merge(shared, shared.pipe(delay(4)), shared.pipe(doubled));
  }),
  groupBy: play(() =>
    interval(5).pipe(
      take(6),
      groupBy((i) => i % 2),
      mergeMap((group$) => group$.pipe(concatMap((i) => execute(job, { ms: 8, value: `g${group$.key}-${i}` })))),
    ),
  ),
  'promises in the pipeline': play(() =>
    merge(three.pipe(mergeMap(async (v) => Promise.resolve(v).then((w) => `${w}1`))), interval(6).pipe(take(5))),
  ),
  'an async function with a scope': play((input$) =>
    input$.pipe(
      mergeMap(
        scoped(async (n, scope) => {
          const first = await scope.execute(job, { ms: 10, value: `first ${n}` });
          await scope.sleep('nap', 20);
          const id = await scope.sideEffect('id', () => 42);
          const [a, b] = await Promise.all([
            scope.execute(job, { ms: 8, value: 'a' }),
            scope.execute(job, { ms: 3, value: 'b' }),
          ]);
          return `${first} ${id} ${a}${b} ${scope.now() % 100_000}`;
        }),
      ),
    ),
  ),
  'the loser of a race is an async function': play(() =>
    race(
      of(1).pipe(
        mergeMap(
          scoped(async (_n, scope) => {
            await scope.execute(job, { ms: 10, value: 'x' });
            await scope.execute(job, { ms: 90, value: 'y' });
            return scope.execute(job, { ms: 1, value: 'never' });
          }),
        ),
      ),
      timer(30),
    ).pipe(concatMap(() => execute(job, { ms: 100, value: 'end' }))),
  ),
  'a stream activity': play((input$) =>
    input$.pipe(
      activity(stream),
      map((n) => n * 10),
    ),
  ),
  'a stream activity under take': play((input$) =>
    concat(input$.pipe(activity(stream), take(4)), execute(job, { ms: 6, value: 'end' })),
  ),
  'side effects': play(() =>
    three.pipe(
      sideEffect('length', (v) => v.length + 1),
      delay(3),
      sideEffect('again', (n) => n * 2),
    ),
  ),
  'a failing projection': play(() =>
    three.pipe(
      map((v) => {
        if (v === 'c') throw new TypeError('no c');
        return v;
      }),
    ),
  ),
};
