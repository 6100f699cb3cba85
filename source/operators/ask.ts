import { defer, filter, mergeMap, Observable, type OperatorFunction, type Subscriber } from 'rxjs';
import type { CommandSpec } from '../run/command.js';
import { requireRun, type RunContext } from '../run/context.js';
import { startedIn } from './in-scope.js';

/** How an operator turns one upstream value into a command. */
export type ToCommand<V> = (
  run: RunContext,
  subscriber: Pick<Subscriber<V>, 'next' | 'error' | 'complete'>,
) => CommandSpec;

/** Issues a command when subscribed to and emits its record; unsubscribing cancels it. */
export const ask = <V>(run: RunContext, operator: string, toCommand: ToCommand<V>): Observable<V> =>
  new Observable<V>((subscriber) => {
    if (!run.guard(operator)) return undefined;
    const command = run.issue(toCommand(run, subscriber));
    return () => {
      run.cancel(command);
    };
  });

/** The creation form: the run is the one whose turn it is when it is subscribed to. */
export const askNow = <V>(operator: string, toCommand: ToCommand<V>): Observable<V> =>
  defer(() => ask(requireRun(operator), operator, toCommand));

/**
 * The operator form: one inner pipeline for each upstream value. It remembers the run that it was subscribed in and refuses a
 * value that arrives in another run's turn, or in none.
 */
export const eachInRun = <I, V>(
  operator: string,
  concurrency: number,
  project: (run: RunContext, value: I) => Observable<V>,
): OperatorFunction<I, V> => {
  return (source) =>
    defer(() => {
      const run = requireRun(operator);
      const { scope } = run;
      // A promise upstream brings its value in a microtask, which belongs to no part of the run.
      const inner = (value: I): Observable<V> =>
        run.scope === scope
          ? project(run, value)
          : startedIn(
              run,
              scope,
              defer(() => project(run, value)),
            );
      return source.pipe(
        filter(() => run.guard(operator)),
        mergeMap(inner, concurrency),
      );
    });
};
