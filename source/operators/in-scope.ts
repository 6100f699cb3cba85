import { Observable } from 'rxjs';
import type { RunContext } from '../run/context.js';
import type { Scope } from '../run/scope.js';

/**
 * Subscribes as a part of the run of its own, and hands on what comes as the part that it was subscribed in: operators find out where
 * they stand by that.
 */
export const inScope = <T>(run: RunContext, scope: Scope, source: Observable<T>): Observable<T> =>
  new Observable<T>((subscriber) => {
    const outer = run.scope;
    return run.within(scope, () =>
      source.subscribe({
        next: (value) => {
          run.within(outer, () => {
            subscriber.next(value);
          });
        },
        error: (error: unknown) => {
          run.within(outer, () => {
            subscriber.error(error);
          });
        },
        complete: () => {
          run.within(outer, () => {
            subscriber.complete();
          });
        },
      }),
    );
  });
