// Compiled, never run: what the types let pass, and what they refuse.
import { expectTypeOf } from 'expect-type';
import * as io from 'io-ts';
import { mergeMap, of, type Observable, type OperatorFunction } from 'rxjs';
import {
  activity,
  awaitSignal,
  defineActivity,
  defineSignal,
  execute,
  scoped,
  sideEffect,
  signals,
  sleep,
  Tempolite,
  workflow,
  type ActivityContext,
  type Emitted,
  type Run,
  type WorkflowDefinition,
} from '../../source/index.js';

const Order = io.type({ id: io.string, total: io.number });
type Order = io.TypeOf<typeof Order>;

const approval = defineSignal('approval', io.boolean);
const ping = defineSignal('ping');

// ── types flow without annotations ──────────────────────────────────────────────────────────────────────────────────────

const flowing = workflow('flowing', { input: Order }, (order$) =>
  order$.pipe(
    activity('charge', (order, context) => {
      expectTypeOf(order).toEqualTypeOf<Order>();
      expectTypeOf(context.input).toEqualTypeOf<Order>();
      return Promise.resolve({ ...order, receipt: 7 });
    }),
    sideEffect('id', (paid) => ({ ...paid, tracking: `${paid.receipt}` })),
    sleep('1 day'),
    awaitSignal(approval, (approved, paid) => ({ approved, tracking: paid.tracking })),
  ),
);
expectTypeOf(flowing).toEqualTypeOf<WorkflowDefinition<Order, { approved: boolean; tracking: string }>>();

expectTypeOf<Emitted<Promise<number>>>().toEqualTypeOf<number>();
expectTypeOf<Emitted<Observable<number>>>().toEqualTypeOf<number>();
expectTypeOf<Emitted<AsyncGenerator<number>>>().toEqualTypeOf<number>();
expectTypeOf<Emitted<number[]>>().toEqualTypeOf<number[]>();

expectTypeOf(activity('a', (n: number) => of(`${n}`))).toEqualTypeOf<OperatorFunction<number, string>>();
expectTypeOf(of(1).pipe(awaitSignal(approval))).toEqualTypeOf<Observable<boolean>>();
expectTypeOf(signals(approval)).toEqualTypeOf<Observable<boolean>>();

const charge = defineActivity('charge', { input: Order, output: io.number }, (order) => Promise.resolve(order.total));
const fetchPage = defineActivity('page', {}, async function* (page: number, _context: ActivityContext<number>) {
  yield await Promise.resolve(`page ${page}`);
});
expectTypeOf(execute(fetchPage, 1)).toEqualTypeOf<Observable<string>>();
expectTypeOf(of({ id: 'a', total: 1 }).pipe(activity(charge))).toEqualTypeOf<Observable<number>>();
expectTypeOf(of(1).pipe(mergeMap(scoped(async (n, scope) => scope.execute(fetchPage, n))))).toEqualTypeOf<
  Observable<string>
>();

export const calls = async (tempolite: Tempolite): Promise<void> => {
  const run = await tempolite.start(flowing, { id: 'a', total: 1 });
  expectTypeOf(run).toEqualTypeOf<Run<{ approved: boolean; tracking: string }>>();
  expectTypeOf(await run.result()).toEqualTypeOf<{ approved: boolean; tracking: string } | undefined>();
  await run.signal(approval, true);
  await run.signal(ping);

  // ── what is refused ─────────────────────────────────────────────────────────────────────────────────────────────────

  // @ts-expect-error -- a payload of another type
  await run.signal(approval, 'yes');
  // @ts-expect-error -- a payload that is missing
  await run.signal(approval);
  // @ts-expect-error -- an input of another type
  await tempolite.start(flowing, { id: 'a' });
};

// @ts-expect-error -- an activity whose input is not the upstream's type
of('text').pipe(activity('double', (n: number) => n * 2));
// @ts-expect-error -- the same with a definition
of('text').pipe(activity(charge));
// @ts-expect-error -- an input of another type
execute(charge, { id: 'a' });
// @ts-expect-error -- a result that is not what the output codec says
defineActivity('wrong', { input: Order, output: io.number }, (order) => order.id);
// @ts-expect-error -- an output that is not what the output codec says
workflow('wrong', { input: Order, output: io.number }, (order$) => order$);
// @ts-expect-error -- an object without a run method
of(1).pipe(activity('wrong', { go: (n: number) => n }));
// @ts-expect-error -- a project that takes another payload
of(1).pipe(awaitSignal(approval, (text: string) => text));
