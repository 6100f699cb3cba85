import { Observable } from 'rxjs';
import type { RunContext } from '../run/context.js';
import type { Scope } from '../run/scope.js';

/**
 * Subscribes as a part of the run of its own, and hands on what comes as the part that it was subscribed in: operators find out where
 * they stand by that.
 */
export const inScope = <T>(run: RunContext, scope: Scope, source: Observable<T>): Observable<T> =>
  new Observable<T>((subscriber) => handedOnIn(run, run.scope, startedIn(run, scope, source)).subscribe(subscriber));

/** Subscribes as a part of the run. */
export const startedIn = <T>(run: RunContext, scope: Scope, source: Observable<T>): Observable<T> =>
  new Observable<T>((subscriber) => run.within(scope, () => source.subscribe(subscriber)));

/** Hands on what comes as a part of the run, whatever brings it. */
export const handedOnIn = <T>(run: RunContext, scope: Scope, source: Observable<T>): Observable<T> =>
  new Observable<T>((subscriber) =>
    source.subscribe({
      next: (value) => {
        run.within(scope, () => {
          subscriber.next(value);
        });
      },
      error: (error: unknown) => {
        run.within(scope, () => {
          subscriber.error(error);
        });
      },
      complete: () => {
        run.within(scope, () => {
          subscriber.complete();
        });
      },
    }),
  );
