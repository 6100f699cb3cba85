import { Observable, type Subscription } from 'rxjs';
import { requireRun, type RunContext } from '../run/context.js';
import type { SignalDefinition } from '../run/signal.js';
import { duration, type Duration } from '../values/duration.js';
import type { ActivityDefinition } from './activity-definition.js';
import { ask, type ToCommand } from './ask.js';
import { toSignal } from './await-signal.js';
import { toActivity } from './execute.js';
import { toSideEffect } from './side-effect.js';
import { toSleep } from './sleep.js';

/** The durable operators, as promises, for the body of an async function. None of them settles once the scope has been left. */
export interface Scope {
  /** Fires when the pipeline unsubscribes from the body: the loser of a `race`, a `switchMap` that moved on. */
  readonly signal: AbortSignal;
  /** The run's time, ms since 1970. */
  now(): number;
  /** Runs an activity; the promise has the last value that it emits, `undefined` if there was none. */
  execute<I, O>(definition: ActivityDefinition<I, O>, input: I): Promise<O>;
  awaitSignal<P>(signal: SignalDefinition<P>): Promise<P>;
  sideEffect<R>(name: string, fn: () => R): Promise<R>;
  sleep(length: Duration): Promise<void>;
  sleep(name: string, length: Duration): Promise<void>;
}

/**
 * Lets an `async` function be an inner pipeline: each `await` of its scope is recorded, and the body goes on from its last
 * record after a restart. Unsubscribing cannot stop an async body, so its scope does: what it asks for after that is not
 * executed and never settles.
 *
 * Records what its commands record. Errors: what the body throws. Awaiting anything but the scope's promises brings the outside
 * world in unrecorded: the run is blocked by `NON_DETERMINISM` at the next durable step.
 *
 * @example
 * order$.pipe(mergeMap(scoped(async (order, scope) => {
 *   const quote = await scope.execute(getQuote, order);
 *   await scope.sleep('1 day');
 *   return scope.execute(book, quote);
 * })))
 */
export const scoped =
  <I, R>(body: (input: I, scope: Scope) => PromiseLike<R>): ((input: I) => Observable<R>) =>
  (input) =>
    new Observable<R>((subscriber) => {
      const run = requireRun('scoped');
      const controller = new AbortController();
      body(input, openScope(run, subscriber, controller.signal)).then(
        (value) => {
          subscriber.next(value);
          subscriber.complete();
        },
        (error: unknown) => {
          subscriber.error(error);
        },
      );
      return () => {
        controller.abort();
      };
    });

const openScope = (run: RunContext, owner: Subscription, signal: AbortSignal): Scope => {
  const place = run.scope;
  const settle = <V>(operator: string, toCommand: ToCommand<V>): Promise<V> =>
    new Promise<V>((resolve, reject) => {
      if (signal.aborted) return;
      let last: V | undefined;
      const observer = {
        next: (value: V) => {
          last = value;
        },
        error: reject,
        complete: () => {
          resolve(last as V);
        },
      };
      owner.add(run.within(place, () => ask(run, operator, toCommand).subscribe(observer)));
    });
  return {
    signal,
    now: () => run.clock,
    execute: (definition, input) => settle(`activity("${definition.name}")`, toActivity(definition, input)),
    awaitSignal: (definition) => settle(`awaitSignal("${definition.name}")`, toSignal(definition)),
    sideEffect: (name, fn) => settle(`sideEffect("${name}")`, toSideEffect(name, fn, '')),
    sleep: async (...args: readonly [Duration] | readonly [string, Duration]) => {
      const [name, length] = args.length === 1 ? ['sleep', args[0]] : args;
      const lengthMs = duration(length, `sleep("${name}")`);
      await settle(`sleep("${name}")`, toSleep(name, run.clock + lengthMs, `+${lengthMs}`));
    },
  };
};
