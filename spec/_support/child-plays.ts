import {
  catchError,
  concat,
  delay,
  EMPTY,
  expand,
  forkJoin,
  from,
  interval,
  map,
  merge,
  mergeMap,
  of,
  race,
  switchMap,
  take,
  throwError,
  timeout,
  timer,
  type Observable,
} from 'rxjs';
import {
  childWorkflow,
  continueAsNew,
  execute,
  expose,
  finalizeWith,
  getVersion,
  saga,
  sideEffect,
  signals,
  step,
  workflow,
} from '../../source/index.js';
import { requestAt, signalAt } from '../../source/testing/index.js';
import type { Scene } from '../../source/testing/scene.js';
import {
  afterwards,
  child,
  go,
  job,
  links,
  nested,
  outside,
  play,
  stubborn,
  task,
  tidyWorker,
  told,
  worker,
  workflows,
} from './child-world.js';

/** Pipelines with children, crashed after every single event. */
export const childPlays: Readonly<Record<string, Scene>> = {
  'a child with three outputs': play(() => afterwards(child(5, 'a', { count: 3 }))),
  'children one after the other': play((n$) =>
    n$.pipe(
      mergeMap((n) => from(Array.from({ length: n }, (_, i) => task(5, `c${i}-`, { count: 2 })))),
      childWorkflow(worker),
    ),
  ),
  // Times at which no two children end at once: which of them comes first then is nobody's promise.
  'children side by side': play((n$) =>
    n$.pipe(
      mergeMap(() => from([13, 10, 7, 5].map((ms, i) => task(ms, `c${i}-`, { count: 2 })))),
      childWorkflow(worker, { concurrency: 2 }),
      delay(4),
    ),
  ),
  'a child that emits nothing': play(() => afterwards(child(5, 'a', { count: 0 }))),
  'children in children': play(() => execute(nested, 3)),
  'a child that fails for good': play(() => afterwards(child(5, 'a', { failures: 9 }))),
  'a failure of a child that is caught': play(() =>
    afterwards(child(5, 'a', { failures: 9 }).pipe(catchError((error: unknown) => concat(told(error), child(3, 'b'))))),
  ),
  'a child that its own policy sends back': play(() =>
    afterwards(execute(stubborn, task(5, 'a', { failures: 2, ruins: 1 }))),
  ),
  'the first of three children wins': play(() =>
    afterwards(race(child(30, 'slow'), child(10, 'fast'), execute(tidyWorker, task(20, 'tidy')))),
  ),
  'a child loses against a timer': play(() =>
    afterwards(execute(tidyWorker, task(50, 'slow')).pipe(timeout({ first: 20, with: () => of('too late') }))),
  ),
  'a child wins against a timer': play(() => afterwards(race(child(20, 'child'), timer(21)))),
  'losers by terminate and abandon': play(() =>
    afterwards(
      race(
        execute(tidyWorker, task(30, 'terminated'), { onClose: 'terminate' }),
        execute(tidyWorker, task(35, 'abandoned'), { onClose: 'abandon' }),
        child(10, 'fast'),
      ),
    ),
  ),
  'switchMap over children': play(() =>
    interval(10).pipe(
      take(4),
      switchMap((i) => child(i === 2 ? 4 : 14, `s${i}`, { count: 2 })),
    ),
  ),
  'a child that is left before it is launched': play(() =>
    afterwards(merge(of('now'), child(5, 'never')).pipe(take(1))),
  ),
  'some outputs of a child are taken': play(() => afterwards(child(5, 'a', { count: 4 }).pipe(take(2)))),
  'forkJoin of a child that fails and one that does not': play(() =>
    forkJoin([child(30, 'slow'), child(5, 'a', { failures: 9 })]),
  ),
  'a retry asks a failed child to go on': play(
    () => afterwards(merge(child(5, 'a', { ruins: 1 }), child(40, 'slow', { count: 2 }))),
    {},
    { retry: { maxAttempts: 3, initialInterval: 100 } },
  ),
  'a retry while a child is at work': play(
    () => merge(child(60, 'slow', { count: 3 }), execute(job, { ms: 5, value: 'a', ruins: 1 })),
    {},
    { retry: { maxAttempts: 3, initialInterval: 20 } },
  ),
  'a retry of a parent whose child failed in a child': play(
    () =>
      execute(
        workflow('between', (n$: Observable<number>) => n$),
        1,
      ).pipe(
        catchError(told),
        mergeMap(() => child(4, 'x', { ruins: 2 })),
      ),
    { workflows: [...workflows, workflow('between', (n$: Observable<number>) => n$)] },
    { retry: { maxAttempts: 4, initialInterval: 20 } },
  ),
  'a child in a saga that is compensated': play((n$) =>
    n$.pipe(
      map((n) => String(n)),
      saga(
        'trip',
        step<string, string>('book', outside, outside),
        mergeMap((text: string): Observable<string> => child(5, text)),
        mergeMap((text) => throwError(() => new Error(`no ${text}`))),
      ),
      catchError(told),
      afterwards,
    ),
  ),
  'a child whose parent is cancelled': play(
    () => afterwards(merge(execute(tidyWorker, task(50, 'tidy')), child(60, 'b', {}, { onClose: 'abandon' }))),
    { requests: [requestAt(20, 'cancel', 'run')] },
  ),
  'a child whose parent is terminated': play(
    () => afterwards(merge(execute(tidyWorker, task(50, 'tidy')), child(60, 'b', {}, { onClose: 'terminate' }))),
    { requests: [requestAt(20, 'terminate', 'run')] },
  ),
  'a child that goes on while its parent is paused': play(() => afterwards(child(10, 'a', { count: 3 })), {
    requests: [requestAt(15, 'pause', 'run'), requestAt(100, 'resume', 'run')],
  }),
  'a child that is cancelled by itself': play(
    () => afterwards(execute(tidyWorker, task(50, 'a')).pipe(catchError(told))),
    { requests: [requestAt(20, 'cancel', 'run/0/child:tidy-worker#0')] },
  ),
  'a child that is terminated by itself': play(
    () => afterwards(execute(tidyWorker, task(50, 'a')).pipe(catchError(told))),
    { requests: [requestAt(20, 'terminate', 'run/0/child:tidy-worker#0')] },
  ),
  'no process is up while a child is to end': play(() => afterwards(race(child(20, 'a'), timer(30))), {
    outages: [{ at: 10, length: 100 }],
  }),
  'a child with links': play(() => afterwards(execute(links, 2))),
  links: play((n$) => n$.pipe(mergeMap((n) => afterwards(n > 0 ? continueAsNew(n - 1) : of('end'))))),
  'links that do something': play((n$) =>
    n$.pipe(
      mergeMap((n) =>
        execute(job, { ms: 5, value: `link ${n}` }).pipe(
          delay(3),
          expose('link'),
          sideEffect('id', (text) => `${text}!`),
          mergeMap((text) => (n > 0 ? merge(of(text), continueAsNew(n - 1)) : of('last'))),
        ),
      ),
    ),
  ),
  'links that leave something at work': play((n$) =>
    n$.pipe(
      mergeMap((n) =>
        n === 0
          ? execute(job, { ms: 5, value: 'last' })
          : merge(
              execute(tidyWorker, task(50, `tidy ${n}`)),
              child(50, `abandoned ${n}`, {}, { onClose: 'abandon' }),
              execute(job, { ms: 60, value: `left ${n}` }).pipe(finalizeWith('bye', outside)),
              timer(20).pipe(mergeMap(() => continueAsNew(n - 1))),
            ),
      ),
    ),
  ),
  'letters move along': play(
    (n$) =>
      n$.pipe(
        mergeMap((n) =>
          signals(go).pipe(
            take(1),
            mergeMap((word) => (n > 0 ? concat(of(word), timer(3), continueAsNew(n - 1)) : of(`last ${word}`))),
          ),
        ),
      ),
    { signals: ['one', 'two', 'three', 'four', 'five'].map((word, n) => signalAt(n < 3 ? 5 : 20, go, word)) },
  ),
  'versions are chosen anew in each link': play((n$) =>
    n$.pipe(
      mergeMap((n) =>
        getVersion('change', 0, 1).pipe(
          mergeMap((version) => (n > 0 ? concat(of(version), continueAsNew(n - 1)) : of('last'))),
        ),
      ),
    ),
  ),
  'a link that is cancelled': play(
    (n$) =>
      n$.pipe(
        mergeMap((n) => concat(execute(job, { ms: 10, value: `link ${n}` }), n > 0 ? continueAsNew(n - 1) : EMPTY)),
        finalizeWith('bye', outside),
      ),
    { requests: [requestAt(28, 'cancel', 'run')] },
  ),
  'a link that is paused': play(
    (n$) =>
      n$.pipe(
        mergeMap((n) => concat(execute(job, { ms: 10, value: `link ${n}` }), n > 0 ? continueAsNew(n - 1) : EMPTY)),
      ),
    { requests: [requestAt(15, 'pause', 'run'), requestAt(50, 'resume', 'run')] },
  ),
  'a link that fails and is retried': play(
    (n$) =>
      n$.pipe(
        mergeMap((n) =>
          concat(
            execute(job, { ms: 10, value: `link ${n}`, ruins: n === 2 ? 1 : 0 }),
            n > 0 ? continueAsNew(n - 1) : EMPTY,
          ),
        ),
      ),
    {},
    { retry: { maxAttempts: 2, initialInterval: 30 } },
  ),
  'a chain with a child each': play((n$) =>
    n$.pipe(
      expand((n) => (n > 0 ? child(4, `x${n}`).pipe(map(() => n - 1)) : EMPTY)),
      map((n) => `n ${n}`),
    ),
  ),
};
