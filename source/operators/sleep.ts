import { map, type OperatorFunction } from 'rxjs';
import { EngineError } from '../errors.js';
import { duration, type Duration } from '../values/duration.js';
import { checkName } from './activity-definition.js';
import { ask, eachInRun, type ToCommand } from './ask.js';

/** The series of ordinals of sleeps that were given no name. */
const unnamed = 'sleep';

/**
 * Holds each value back for a while that outlives the process: the timer goes on where it stood, it does not start from zero.
 * RxJS's `delay` does the same; `sleep` can have a name of its own in the journal, so that a `delay` put before it later does not
 * shift it.
 *
 * ```
 * source    --a--b-----|
 *           sleep('4 frames')
 * output    ------a--b-|
 * ```
 *
 * Records the firing. Errors: `INVALID_ARGUMENT` for a duration that is none.
 *
 * @example
 * order$.pipe(sleep('grace period', '3 days'), activity('archive', archive))
 */
export function sleep<T>(length: Duration): OperatorFunction<T, T>;
export function sleep<T>(name: string, length: Duration): OperatorFunction<T, T>;
export function sleep<T>(...args: readonly [Duration] | readonly [string, Duration]): OperatorFunction<T, T> {
  const [name, length] = args.length === 1 ? [unnamed, args[0]] : args;
  checkName('sleep', name);
  const lengthMs = duration(length, `sleep("${name}")`);
  return eachTimer(`sleep("${name}")`, (clock) => toSleep(name, clock + lengthMs, `+${lengthMs}`));
}

/**
 * Holds each value back until an instant; one that has passed is over at once.
 *
 * @example
 * order$.pipe(sleepUntil((order) => order.deliverAt))
 */
export const sleepUntil = <T>(until: Date | number | ((value: T) => Date | number)): OperatorFunction<T, T> =>
  eachTimer('sleepUntil', (_, value) => {
    const instant = Number(typeof until === 'function' ? until(value) : until);
    if (Number.isFinite(instant)) return toSleep('until', instant, `@${instant}`);
    throw new EngineError('INVALID_ARGUMENT', `sleepUntil takes a valid Date or ms since 1970, not ${String(instant)}`);
  });

const eachTimer = <T>(
  operator: string,
  toCommand: (clock: number, value: T) => ToCommand<undefined>,
): OperatorFunction<T, T> =>
  eachInRun(operator, Infinity, (run, value: T) =>
    ask(run, operator, toCommand(run.clock, value)).pipe(map(() => value)),
  );

/** The command that waits for an instant. */
export const toSleep =
  (name: string, due: number, digest: string): ToCommand<undefined> =>
  (_, subscriber) => ({
    kind: 'sleep',
    name,
    digest,
    due,
    deliver: () => {
      subscriber.next(undefined);
      subscriber.complete();
    },
  });
