import type { OperatorFunction } from 'rxjs';
import { EngineError } from '../errors.js';
import type { ActivityFunction, ActivityObject, Emitted } from '../run/activity.js';
import { defineActivity, type ActivityDefinition, type ActivityOptions } from './activity-definition.js';
import { ask, eachInRun } from './ask.js';
import { toActivity } from './execute.js';

/**
 * Runs an activity for each value, outside the turn, and emits what it emits: one value of a function or promise, each value of an
 * Observable or AsyncIterable (an array or a string is one value).
 *
 * ```
 * source    --a-----b-----|
 *           activity('f', f)        f is called with a; with b once a's result is recorded
 * output    -----A-----B--|         each value is in the journal before it is emitted
 * ```
 *
 * 1. The command is issued in the turn that brings the value; the function starts when that turn's batch is delivered.
 * 2. A failed attempt is recorded and repeated by the retry policy; attempts and the next due time survive restarts.
 * 3. The result is recorded, then emitted. Once recorded it never runs again.
 * 4. Unsubscribing cancels it: `context.signal` fires, a late outcome is dropped.
 *
 * Errors: `ACTIVITY_FAILED` (its `cause` is the last attempt's error), `ACTIVITY_TIMEOUT`, `RESULT_UNRECORDABLE`, `BUFFER_OVERFLOW`; an input that its codec
 * refuses (`DECODE_FAILED`, `INVALID_VALUE`) before anything is started.
 *
 * @example
 * order$.pipe(activity('charge', (order, { idempotencyKey }) => payments.charge(order.total, idempotencyKey)))
 */
export function activity<I, R>(
  name: string,
  fn: ActivityFunction<I, R> | ActivityObject<I, R>,
  options?: ActivityOptions<I, Emitted<R>>,
): OperatorFunction<I, Emitted<R>>;
export function activity<I, O>(definition: ActivityDefinition<I, O>): OperatorFunction<I, O>;
export function activity<I, R>(
  first: string | ActivityDefinition<I, Emitted<R>>,
  fn?: ActivityFunction<I, R> | ActivityObject<I, R>,
  options: ActivityOptions<I, Emitted<R>> = {},
): OperatorFunction<I, Emitted<R>> {
  const definition = typeof first === 'string' ? defineActivity(first, options, required(first, fn)) : first;
  const operator = `activity("${definition.name}")`;
  return eachInRun(operator, definition.concurrency, (run, value) => ask(run, operator, toActivity(definition, value)));
}

const required = <F>(name: string, fn: F | undefined): F => {
  const callable = typeof fn === 'function' || (typeof fn === 'object' && fn !== null && 'run' in fn);
  if (callable) return fn;
  throw new EngineError(
    'INVALID_ARGUMENT',
    `activity("${name}") needs a function or an object with a run method as its second argument, not ${typeof fn}`,
  );
};
