import { catchError, defer, finalize, mergeMap, of, tap, toArray, type Observable, type OperatorFunction } from 'rxjs';
import type { RunContext } from '../run/context.js';
import { checkName } from './activity-definition.js';
import { eachInRun } from './ask.js';
import { handedOnIn, inScope } from './in-scope.js';
import { SagaScope } from './saga-scope.js';

type Op<I, O> = OperatorFunction<I, O>;

/**
 * For each value, steps in order, each fed the result of the one before; all of them or none: when the saga fails, is unsubscribed from or
 * its run is cancelled, the completed steps are compensated, last first. Any other operator may stand between the steps, and steps may
 * stand in inner pipelines (`mergeMap`).
 *
 * ```
 * source    --a----------------|
 *           saga('checkout', step('reserve', reserve, release), step('charge', charge, refund))
 * reserve     --R
 * charge          --#
 * release            --r
 * output    -----------#             fails with what `charge` failed with
 * ```
 *
 * 1. What the saga gives is emitted when it has completed; from then on it is compensated only when a later operator asks for it
 *    (`compensate`). Values are worked on one after the other.
 * 2. What is in flight when the saga fails is let finish, and compensated if it took effect. When the saga is left (unsubscribed from,
 *    cancelled) its AbortSignal fires first; executed again after a crash it does not, so as to learn whether it took effect.
 * 3. A compensation has retries of its own. When it gives up the others still run.
 * 4. The compensation belongs to the run: it goes on after a crash, and whether anybody listens or not. The run ends after it.
 * 5. A retry of the run never reuses a compensated saga: it begins anew, with other idempotency keys.
 *
 * Records each step (`step:checkout/reserve#0`), that compensation has begun, and each compensation. Errors: that of what failed;
 * `COMPENSATION_FAILED` when compensations gave up, with their `errors` and the original one as `cause`.
 *
 * @example
 * order$.pipe(saga('checkout', step('reserve', reserve, release), delay('1 hour'), step('charge', charge, refund)))
 */
export function saga<A, B>(name: string, a: Op<A, B>): Op<A, B>;
export function saga<A, B, C>(name: string, a: Op<A, B>, b: Op<B, C>): Op<A, C>;
export function saga<A, B, C, D>(name: string, a: Op<A, B>, b: Op<B, C>, c: Op<C, D>): Op<A, D>;
export function saga<A, B, C, D, E>(name: string, a: Op<A, B>, b: Op<B, C>, c: Op<C, D>, d: Op<D, E>): Op<A, E>;
export function saga<A, B, C, D, E, F>(
  name: string,
  a: Op<A, B>,
  b: Op<B, C>,
  c: Op<C, D>,
  d: Op<D, E>,
  e: Op<E, F>,
): Op<A, F>;
export function saga<A, B, C, D, E, F, G>(
  name: string,
  a: Op<A, B>,
  b: Op<B, C>,
  c: Op<C, D>,
  d: Op<D, E>,
  e: Op<E, F>,
  f: Op<F, G>,
): Op<A, G>;
export function saga<A, B, C, D, E, F, G, H>(
  name: string,
  a: Op<A, B>,
  b: Op<B, C>,
  c: Op<C, D>,
  d: Op<D, E>,
  e: Op<E, F>,
  f: Op<F, G>,
  g: Op<G, H>,
): Op<A, H>;
export function saga<A, B, C, D, E, F, G, H, I>(
  name: string,
  a: Op<A, B>,
  b: Op<B, C>,
  c: Op<C, D>,
  d: Op<D, E>,
  e: Op<E, F>,
  f: Op<F, G>,
  g: Op<G, H>,
  h: Op<H, I>,
): Op<A, I>;
export function saga<A, Z>(name: string, ...operators: readonly Op<never, unknown>[]): Op<A, Z> {
  checkName('saga', name);
  // The overloads have seen that each fits the one before.
  const steps = operators as unknown as readonly Op<unknown, unknown>[];
  return eachInRun(`saga("${name}")`, 1, (run, value) => performed<Z>(run, name, of(value), steps));
}

/** One saga: its outputs once it has completed. */
const performed = <Z>(
  run: RunContext,
  name: string,
  input$: Observable<unknown>,
  steps: readonly Op<unknown, unknown>[],
): Observable<Z> =>
  defer(() => {
    const saga = new SagaScope(name, run);
    // A promise between the steps brings its value in a microtask, which belongs to no part of the run.
    const results$ = steps.reduce((source$, next) => handedOnIn(run, saga.scope, next(source$)), input$);
    return inScope(run, saga.scope, results$ as Observable<Z>).pipe(
      tap({
        complete: () => {
          saga.complete();
        },
      }),
      toArray(),
      catchError((error: unknown) => saga.fail(error)),
      // The engine's own teardown comes here, too, and is not heard.
      finalize(() => {
        saga.leave();
      }),
      mergeMap((results) => results),
    );
  });
