// Compiled, never run: what the types of sagas let pass, and what they refuse.
import { expectTypeOf } from 'expect-type';
import * as io from 'io-ts';
import { delay, from, mergeMap, of, type Observable, type OperatorFunction } from 'rxjs';
import {
  awaitSignal,
  compensate,
  defineSignal,
  finalizeWith,
  saga,
  step,
  workflow,
  type ActivityContext,
  type Compensation,
  type Effect,
  type WorkflowDefinition,
} from '../../source/index.js';

const Order = io.type({ id: io.string, total: io.number });
type Order = io.TypeOf<typeof Order>;

const reserve = (order: Order): Promise<Order & { readonly place: number }> => Promise.resolve({ ...order, place: 1 });
const charge = (order: { readonly total: number }): string => `receipt of ${order.total}`;

// ── types flow from step to step, and into the compensations ────────────────────────────────────────────────────────────

const checkout = workflow('checkout', { input: Order }, (order$) =>
  order$.pipe(
    saga(
      'checkout',
      step('reserve', reserve, (reserved, order, context) => {
        expectTypeOf(reserved).toEqualTypeOf<Order & { readonly place: number }>();
        expectTypeOf(order).toEqualTypeOf<Order>();
        expectTypeOf(context).toEqualTypeOf<ActivityContext<Effect<Order, Order & { readonly place: number }>>>();
        expectTypeOf(context.input.result).toEqualTypeOf<Order & { readonly place: number }>();
      }),
      delay(1000),
      step('charge', charge, (receipt) => {
        expectTypeOf(receipt).toEqualTypeOf<string>();
      }),
      awaitSignal(defineSignal('approval', io.boolean), (approved, receipt) => ({ approved, receipt })),
    ),
    finalizeWith('unlock', (context) => {
      expectTypeOf(context.input).toEqualTypeOf<undefined>();
    }),
  ),
);
expectTypeOf(checkout).toEqualTypeOf<WorkflowDefinition<Order, { approved: boolean; receipt: string }>>();

expectTypeOf(step('a', (n: number) => of(`${n}`))).toEqualTypeOf<OperatorFunction<number, string>>();
expectTypeOf(step('a', { run: (n: number) => [n] })).toEqualTypeOf<OperatorFunction<number, number[]>>();
expectTypeOf(saga('one', step('a', charge))).toEqualTypeOf<OperatorFunction<{ readonly total: number }, string>>();
expectTypeOf(compensate('checkout')).toEqualTypeOf<Observable<never>>();
expectTypeOf(of(1).pipe(finalizeWith('unlock', () => undefined))).toEqualTypeOf<Observable<number>>();

expectTypeOf(
  of(1).pipe(
    saga(
      'inner',
      mergeMap((n) => from(['a', 'b']).pipe(step('add', (text) => `${text}${n}`))),
    ),
  ),
).toEqualTypeOf<Observable<string>>();

const refund: Compensation<Order, string> = (receipt, order, { idempotencyKey }) =>
  `${receipt} ${order.id} ${idempotencyKey}`;
expectTypeOf(
  step('charge', charge, refund, {
    input: Order,
    output: io.string,
    retry: { maxAttempts: 5 },
    intent: true,
    compensation: { retry: { maxAttempts: 100 }, timeout: '1 minute' },
  }),
).toEqualTypeOf<OperatorFunction<Order, string>>();

const up = step('up', (n: number) => n + 1);
expectTypeOf(saga('eight', up, up, up, up, up, up, up, up)).toEqualTypeOf<OperatorFunction<number, number>>();

// ── what is refused ─────────────────────────────────────────────────────────────────────────────────────────────────────

// @ts-expect-error -- a step that does not fit the one before
saga('wrong', step('charge', charge), step('reserve', reserve));
// @ts-expect-error -- a saga whose first step does not fit the upstream's type
of('text').pipe(saga('wrong', step('reserve', reserve)));
// @ts-expect-error -- a compensation that takes another result
step('wrong', charge, (receipt: number) => receipt);
// @ts-expect-error -- steps have no concurrency: put them into mergeMap
step('wrong', charge, undefined, { concurrency: 2 });
// @ts-expect-error -- a saga without steps
saga('wrong');
// @ts-expect-error -- a finalizer is given nothing but its context
finalizeWith('wrong', (n: number) => n);
