// Compiled, never run: what the types of sagas let pass, and what they refuse.
import { expectTypeOf } from 'expect-type';
import { delay, mergeMap, of, type MonoTypeOperatorFunction, type Observable, type OperatorFunction } from 'rxjs';
import { compensate, finalizeWith, saga, step, workflow, type WorkflowDefinition } from '../../source/index.js';

interface Order {
  readonly id: string;
}

const reserve = (order: Order): Promise<{ seat: number }> => Promise.resolve({ seat: order.id.length });
const charge = ({ seat }: { seat: number }): Observable<string> => of(`${seat}`);

// ── types flow from step to step and into the compensations ─────────────────────────────────────────────────────────────

const booking = workflow('booking', (order$: Observable<Order>) =>
  order$.pipe(
    saga(
      'booking',
      step('reserve', reserve, (result, input, context) => {
        expectTypeOf(result).toEqualTypeOf<{ seat: number }>();
        expectTypeOf(input).toEqualTypeOf<Order>();
        expectTypeOf(context.input).toEqualTypeOf<{ readonly result: { seat: number }; readonly input: Order }>();
      }),
      delay(5),
      step('charge', charge, (receipt) => {
        expectTypeOf(receipt).toEqualTypeOf<string>();
      }),
    ),
    finalizeWith('unlock', ({ input, runId }) => {
      expectTypeOf(input).toEqualTypeOf<undefined>();
      expectTypeOf(runId).toEqualTypeOf<string>();
    }),
  ),
);
expectTypeOf(booking).branded.toEqualTypeOf<WorkflowDefinition<Order, string>>();

expectTypeOf(saga('one', step('reserve', reserve))).toEqualTypeOf<OperatorFunction<Order, { seat: number }>>();
expectTypeOf(saga('two', step('reserve', reserve), step('charge', charge))).toEqualTypeOf<
  OperatorFunction<Order, string>
>();
expectTypeOf(
  saga(
    'inner',
    mergeMap((order: Order) => of(order).pipe(step('reserve', reserve))),
  ),
).toEqualTypeOf<OperatorFunction<Order, { seat: number }>>();
expectTypeOf(step('an object', { run: (n: number) => `${n}` })).toEqualTypeOf<OperatorFunction<number, string>>();
expectTypeOf(compensate('booking')).toEqualTypeOf<Observable<never>>();
expectTypeOf(finalizeWith<number>('unlock', () => undefined)).toEqualTypeOf<MonoTypeOperatorFunction<number>>();

step('patient', reserve, () => undefined, {
  retry: { maxAttempts: 5 },
  timeout: '1 minute',
  compensation: { retry: { maxAttempts: 100 }, timeout: '1 hour' },
});

// ── what does not fit is refused ────────────────────────────────────────────────────────────────────────────────────────

// @ts-expect-error the second step takes what the first one gives
saga('wrong', step('charge', charge), step('reserve', reserve));

// @ts-expect-error a compensation is given what its step gave
step('wrong', reserve, (result: string) => result);

// @ts-expect-error a saga has at least one step
saga('empty');

// @ts-expect-error the concurrency of a step is that of its saga
step('wrong', reserve, () => undefined, { concurrency: 2 });

// @ts-expect-error a finalizer has no input to be checked
finalizeWith('wrong', () => undefined, { input: undefined });
