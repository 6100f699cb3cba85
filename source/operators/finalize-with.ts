import { defer, finalize, type MonoTypeOperatorFunction } from 'rxjs';
import type { ActivityContext, ActivityFunction, ExecutionOptions } from '../run/activity.js';
import type { CleanUpDone } from '../run/clean-ups.js';
import { requireRun } from '../run/context.js';
import { defineActivity } from './activity-definition.js';
import { ask } from './ask.js';
import { toActivity } from './execute.js';

/**
 * The durable `finalize`: when this part of the pipeline completes, fails, is unsubscribed from or cancelled, the function runs as an
 * activity, with its retries. It is given nothing but its context. The run goes on meanwhile, and ends after it.
 *
 * ```
 * source    --a--b--#
 *           finalizeWith('unlock', unlock)
 * output    --a--b--#                the error goes on at once; the run is `failed` once `unlock` has been recorded
 * ```
 *
 * The engine's own teardown means nothing: a crash or a closed engine does not run it, the run goes on later.
 *
 * Records as an activity. What it fails with after its last attempt does not go downstream: a run that had completed fails with
 * `CLEANUP_FAILED` then, one that was cancelled or had failed says so in the `errors` of its error.
 *
 * @example
 * file$.pipe(activity('process', process), finalizeWith('remove temporary files', ({ runId }) => rm(runId)))
 */
export const finalizeWith = <T>(
  name: string,
  fn: (context: ActivityContext<undefined>) => unknown,
  options: ExecutionOptions = {},
): MonoTypeOperatorFunction<T> => {
  const run: ActivityFunction<undefined, unknown> = (_, context) => fn(context);
  const definition = defineActivity<undefined, unknown>(name, options, run);
  const operator = `finalizeWith("${name}")`;
  return (source) =>
    defer(() => {
      const owner = requireRun(operator);
      const finalizer$ = ask(owner, operator, toActivity(definition, undefined, 'finalizer'));
      const begin = (done: CleanUpDone): void => {
        const error = (gaveUp: unknown): void => {
          done({ error: gaveUp });
        };
        finalizer$.subscribe({ error, complete: done });
      };
      return source.pipe(
        finalize(() => {
          owner.cleanUp(begin);
        }),
      );
    });
};
