import { map, repeat, type Observable, type OperatorFunction } from 'rxjs';
import type { SignalDefinition } from '../run/signal.js';
import { ask, askNow, eachInRun, type ToCommand } from './ask.js';
import { emitRecorded } from './recorded.js';

/**
 * For each value, waits for the next signal of this kind (one that arrived earlier counts) and emits its payload, or what
 * `project` makes of payload and value. Values are served one after the other, signals first in, first out.
 *
 * ```
 * source    --a--b------------|
 * signals   -------1-----2-----
 *           awaitSignal(s)
 * output    -------1-----2----|
 * ```
 *
 * Records the consumption. A wait costs nothing while it lasts; unsubscribing drops it and leaves the signal to the next wait.
 *
 * @example
 * order$.pipe(awaitSignal(approval, (approved, order) => ({ ...order, approved })))
 */
export function awaitSignal<I, P>(signal: SignalDefinition<P>): OperatorFunction<I, P>;
export function awaitSignal<I, P, R>(
  signal: SignalDefinition<P>,
  project: (payload: P, value: I) => R,
): OperatorFunction<I, R>;
export function awaitSignal<I, P, R>(
  signal: SignalDefinition<P>,
  project?: (payload: P, value: I) => R,
): OperatorFunction<I, P | R> {
  const operator = `awaitSignal("${signal.name}")`;
  return eachInRun<I, P | R>(operator, 1, (run, value) => {
    const payload$ = ask(run, operator, toSignal(signal));
    return project ? payload$.pipe(map((payload) => project(payload, value))) : payload$;
  });
}

/**
 * The whole stream of signals of one kind, first in, first out. It never completes by itself: a burst of three under `take(1)`
 * takes one and leaves two to the next wait.
 *
 * @example
 * signals(command).pipe(takeWhile((command) => command !== 'stop'))
 */
export const signals = <P>(signal: SignalDefinition<P>): Observable<P> =>
  askNow(`signals("${signal.name}")`, toSignal(signal)).pipe(repeat());

/** The command that waits for one signal. */
export const toSignal =
  <P>(signal: SignalDefinition<P>): ToCommand<P> =>
  (run, subscriber) => ({
    kind: 'signal',
    name: signal.name,
    digest: '',
    deliver: (event) => {
      if (event.type !== 'signal-received') return;
      emitRecorded(run, `signal "${signal.name}"`, signal.codec, event.payload, subscriber);
      subscriber.complete();
    },
  });
