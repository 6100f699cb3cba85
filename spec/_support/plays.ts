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
  defineActivity,
  defineSignal,
  execute,
  scoped,
  sideEffect,
  signals,
  sleep,
  workflow,
  type ActivityContext,
  type ActivityDefinition,
} from '../../source/index.js';
import type { Play } from './play.js';
import type { World } from './world.js';

const go = defineSignal<string>('go');

type Job = { readonly ms: number; readonly value: string; readonly failures?: number };

/** An activity that takes `ms` and gives `value`, after so many failed attempts. */
const jobOf = (world: World, name = 'job'): ActivityDefinition<Job, string> =>
  defineActivity(name, { concurrency: 100, retry: { initialInterval: 7, jitter: 0 } }, (job: Job, context) =>
    world.job(context, job.ms, () => {
      if (context.attempt <= (job.failures ?? 0)) throw new Error(`${job.value} failed`);
      return job.value;
    }),
  );

type Body = (input$: Observable<number>, job: ActivityDefinition<Job, string>, world: World) => Observable<unknown>;

const playOf = (body: Body, rest: Partial<Play<number, unknown>> = {}): Play<number, unknown> => ({
  workflow: (world) => workflow('play', (input$: Observable<number>) => body(input$, jobOf(world), world)),
  input: 3,
  ...rest,
});

/** Three jobs that end at 30, 12 and 21. */
const three = (job: ActivityDefinition<Job, string>): Observable<string> =>
  of({ ms: 30, value: 'a' }, { ms: 12, value: 'b' }, { ms: 21, value: 'c' }).pipe(activity(job));

const stream = (world: World): ((n: number, context: ActivityContext) => AsyncIterable<number>) =>
  async function* (n, context) {
    for (let i = 0; i < n * 3; i += 1) {
      await world.job({ idempotencyKey: `${context.idempotencyKey}/${i}`, attempt: 1 }, 5, () => undefined);
      yield i;
    }
  };

/** Pipelines that are crashed after every single event. */
export const plays: Readonly<Record<string, Play<number, unknown>>> = {
  'activities in sequence': playOf((input$, job) =>
    input$.pipe(
      mergeMap((n) => from(Array.from({ length: n }, (_, i) => ({ ms: 10 + i, value: `v${i}` })))),
      concatMap((spec) => execute(job, spec)),
    ),
  ),
  'fan-out with mergeMap': playOf((input$, job) => input$.pipe(mergeMap(() => three(job)))),
  'failed attempts and their retries': playOf((input$, job) =>
    input$.pipe(
      mergeMap(() => of({ ms: 4, value: 'x', failures: 2 }, { ms: 9, value: 'y' })),
      activity(job),
    ),
  ),
  'an activity that fails for good': playOf((input$, job) =>
    merge(
      input$.pipe(
        map(() => ({ ms: 4, value: 'x', failures: 9 })),
        activity(job),
      ),
      timer(100).pipe(map(() => 'late')),
    ),
  ),
  'catchError with a second way': playOf((input$, job) =>
    input$.pipe(
      map(() => ({ ms: 4, value: 'x', failures: 9 })),
      activity(job),
      catchError(() => execute(job, { ms: 8, value: 'second way' })),
    ),
  ),
  delay: playOf((input$, job) => merge(three(job), input$).pipe(delay(15))),
  delayWhen: playOf((_, job) => three(job).pipe(delayWhen((v) => timer(v === 'b' ? 50 : 3)))),
  'timer and interval': playOf((_, job) => merge(three(job), timer(5, 11).pipe(take(4)), interval(8).pipe(take(3)))),
  'timeout of the first value': playOf((_, job) =>
    execute(job, { ms: 50, value: 'slow' }).pipe(timeout({ first: 20, with: () => of('too late') })),
  ),
  'timeout of each value': playOf((_, job) =>
    three(job).pipe(
      timeout({ each: 13 }),
      catchError(() => of('gap')),
    ),
  ),
  debounceTime: playOf((_, job) => three(job).pipe(debounceTime(10))),
  'throttleTime, both edges': playOf((_, job) =>
    three(job).pipe(throttleTime(10, undefined, { leading: true, trailing: true })),
  ),
  auditTime: playOf((_, job) => three(job).pipe(auditTime(10))),
  sampleTime: playOf((_, job) => three(job).pipe(sampleTime(14))),
  bufferTime: playOf((_, job) => three(job).pipe(bufferTime(16))),
  windowTime: playOf((_, job) =>
    three(job).pipe(
      windowTime(16),
      mergeMap((window$) => window$.pipe(toArray())),
    ),
  ),
  'retry with a delay': playOf((_, job) => {
    let tries = 0;
    return defer(() => {
      tries += 1;
      const last = tries === 3;
      return execute(job, { ms: 4, value: `try ${tries}` }).pipe(
        mergeMap((v) => (last ? of(v) : throwError(() => new Error(v)))),
      );
    }).pipe(retry({ count: 5, delay: 9 }));
  }),
  'repeat with a delay': playOf((_, job) =>
    execute(job, { ms: 4, value: 'again' }).pipe(repeat({ count: 3, delay: 9 })),
  ),
  'timeInterval and timestamp': playOf((_, job) =>
    three(job).pipe(
      timeInterval(),
      timestamp(),
      scan((text: string, { value, timestamp: at }) => `${text}${value.value}${value.interval}@${at % 100_000} `, ''),
    ),
  ),
  'shareReplay with a window': playOf((_, job) => {
    const shared = three(job).pipe(shareReplay({ bufferSize: 5, windowTime: 15, refCount: false }));
    return merge(shared, timer(25).pipe(mergeMap(() => shared)), timer(40).pipe(mergeMap(() => shared)));
  }),
  'race of jobs': playOf((_, job) =>
    race(execute(job, { ms: 30, value: 'slow' }), execute(job, { ms: 10, value: 'fast' }), timer(20)).pipe(
      concatMap((v) => concat(of(v), execute(job, { ms: 25, value: 'after' }))),
    ),
  ),
  'race of signal, timer and job': playOf(
    (_, job) => race(of(0).pipe(awaitSignal(go)), timer(60), execute(job, { ms: 50, value: 'job' })),
    { signals: [{ at: 40, signal: go as never, payload: 'go' }] },
  ),
  'signals under take': playOf(
    () =>
      concat(
        signals(go).pipe(take(1)),
        of(0).pipe(
          sleep(20),
          awaitSignal(go, (text) => `then ${text}`),
        ),
      ),
    { signals: ['one', 'two', 'three'].map((payload) => ({ at: 10, signal: go as never, payload })) },
  ),
  'takeUntil a signal': playOf(
    (_, job) =>
      interval(7).pipe(
        mergeMap((i) => execute(job, { ms: 3, value: `t${i}` })),
        takeUntil(signals(go)),
      ),
    {
      signals: [{ at: 40, signal: go as never, payload: 'stop' }],
    },
  ),
  switchMap: playOf((_, job) =>
    interval(10).pipe(
      take(4),
      switchMap((i) => execute(job, { ms: i === 2 ? 5 : 14, value: `s${i}` })),
    ),
  ),
  exhaustMap: playOf((_, job) =>
    interval(10).pipe(
      take(6),
      exhaustMap((i) => execute(job, { ms: 23, value: `e${i}` })),
    ),
  ),
  'forkJoin and zip': playOf((_, job) =>
    concat(
      forkJoin([execute(job, { ms: 9, value: 'l' }), execute(job, { ms: 4, value: 'r' })]),
      zip(three(job), interval(6)),
    ),
  ),
  'combineLatest and withLatestFrom': playOf((_, job) => {
    const clock$ = timer(1, 9).pipe(take(4));
    return combineLatest([three(job), clock$.pipe(withLatestFrom(interval(4)))]);
  }),
  expand: playOf((input$, job) =>
    input$.pipe(
      map((n) => `x${n}`),
      expand((v) => (v.length > 5 ? EMPTY : execute(job, { ms: 6, value: `${v}!` }))),
    ),
  ),
  share: playOf((_, job) => {
    const shared = three(job).pipe(share());
    return merge(shared, shared.pipe(delay(4)), shared.pipe(activityOn(job)));
  }),
  groupBy: playOf((_, job) =>
    interval(5).pipe(
      take(6),
      groupBy((i) => i % 2),
      mergeMap((group$) => group$.pipe(concatMap((i) => execute(job, { ms: 8, value: `g${group$.key}-${i}` })))),
    ),
  ),
  'promises in the pipeline': playOf((_, job) =>
    merge(three(job).pipe(mergeMap(async (v) => Promise.resolve(v).then((w) => `${w}1`))), interval(6).pipe(take(5))),
  ),
  'an async function with a scope': playOf((input$, job) =>
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
  'the loser of a race is an async function': playOf((_, job) =>
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
  'a stream activity': playOf((input$, _job, world) =>
    input$.pipe(
      activity('stream', stream(world)),
      map((n) => n * 10),
    ),
  ),
  'a stream activity under take': playOf((input$, job, world) =>
    concat(input$.pipe(activity('stream', stream(world)), take(4)), execute(job, { ms: 6, value: 'end' })),
  ),
  'side effects': playOf((_, job) =>
    three(job).pipe(
      sideEffect('length', (v) => v.length + 1),
      delay(3),
      sideEffect('again', (n) => n * 2),
    ),
  ),
  'a failing projection': playOf((_, job) =>
    three(job).pipe(
      map((v) => {
        if (v === 'c') throw new TypeError('no c');
        return v;
      }),
    ),
  ),
};

const activityOn =
  (job: ActivityDefinition<Job, string>) =>
  (source: Observable<string>): Observable<string> =>
    source.pipe(
      map((v) => ({ ms: 5, value: `${v}${v}` })),
      activity(job),
    );
