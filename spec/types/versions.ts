// Compiled, never run: what the types of code that changes under its runs let pass, and what they refuse.
import { expectTypeOf } from 'expect-type';
import * as io from 'io-ts';
import {
  concat,
  map,
  mergeMap,
  of,
  pipe,
  type MonoTypeOperatorFunction,
  type Observable,
  type OperatorFunction,
} from 'rxjs';
import {
  activity,
  continueAsNew,
  expose,
  getVersion,
  versioned,
  workflow,
  type ContinueOptions,
  type Run,
  type WorkflowDefinition,
} from '../../source/index.js';

interface Order {
  readonly id: string;
}

const score = activity('score', ({ id }: Order) => Promise.resolve(id.length));
const rank = activity('rank', ({ id }: Order) => Promise.resolve(`rank of ${id}`));
const flag = activity('flag', ({ id }: Order) => Promise.resolve(id === 'vip'));
const list = activity('list', ({ id }: Order) => Promise.resolve([id]));
declare const order$: Observable<Order>;

// ── getVersion ──────────────────────────────────────────────────────────────────────────────────────────────────────────

expectTypeOf(getVersion('scoring', 0, 1)).toEqualTypeOf<Observable<number>>();

// @ts-expect-error both ends of the range are needed
getVersion('scoring', 1);
// @ts-expect-error versions are numbers
getVersion('scoring', '0', '1');
// @ts-expect-error a change has a name
getVersion(0, 1);

// ── versioned ───────────────────────────────────────────────────────────────────────────────────────────────────────────

expectTypeOf(versioned('same', { 0: score, 1: score })).toEqualTypeOf<OperatorFunction<Order, number>>();
expectTypeOf(versioned('two', { 0: score, 1: rank })).toEqualTypeOf<OperatorFunction<Order, number | string>>();
expectTypeOf(versioned('three', { 0: score, 1: rank, 2: flag })).toEqualTypeOf<
  OperatorFunction<Order, number | string | boolean>
>();
expectTypeOf(versioned('four', { 0: score, 1: rank, 2: flag, 3: list })).toEqualTypeOf<
  OperatorFunction<Order, number | string | boolean | string[]>
>();
expectTypeOf(versioned('dropped', { 4: score, 5: score })).toEqualTypeOf<OperatorFunction<Order, number>>();

const changing = workflow('changing', (orders$: Observable<Order>) =>
  orders$.pipe(
    versioned('part', {
      0: score,
      1: pipe(
        score,
        map((n) => n + 1),
      ),
    }),
    versioned('type', { 0: map((n) => n * 2), 1: map((n) => `${n}`) }),
    map((value) => {
      expectTypeOf(value).toEqualTypeOf<number | string>();
      return value;
    }),
  ),
);
expectTypeOf(changing).branded.toEqualTypeOf<WorkflowDefinition<Order, number | string>>();

// @ts-expect-error branches are numbered
versioned('wrong', { old: score, new: rank });
// @ts-expect-error a branch is an operator
versioned('wrong', { 0: score, 1: (order: Order) => order.id.length });
// @ts-expect-error each branch takes what comes from upstream
order$.pipe(versioned('wrong', { 0: score, 1: map((n: number) => n) }));
// @ts-expect-error a change has a name
versioned({ 0: score });

// ── continueAsNew: nothing is emitted, so that it fits anywhere ─────────────────────────────────────────────────────────

expectTypeOf(continueAsNew({ any: 'input' })).toEqualTypeOf<Observable<never>>();
expectTypeOf(concat(of(1), continueAsNew('next', { version: 'newest' }))).toEqualTypeOf<Observable<number>>();
expectTypeOf(of(1).pipe(mergeMap((n) => (n > 2 ? of(`${n}`) : continueAsNew(n + 1))))).toEqualTypeOf<
  Observable<string>
>();
expectTypeOf<ContinueOptions['version']>().toEqualTypeOf<'same' | 'newest' | undefined>();

// @ts-expect-error the next link has an input
continueAsNew();
// @ts-expect-error versions are chosen by name
continueAsNew(1, { version: 2 });
// @ts-expect-error the id stays
continueAsNew(1, { id: 'other' });
// @ts-expect-error it is no operator
of(1).pipe(continueAsNew(1));

// ── expose: values pass by ──────────────────────────────────────────────────────────────────────────────────────────────

const Progress = io.type({ done: io.number });
declare const run: Run<string>;

expectTypeOf(expose<number>('progress')).toEqualTypeOf<MonoTypeOperatorFunction<number>>();
expectTypeOf(order$.pipe(expose('order'))).toEqualTypeOf<Observable<Order>>();
expectTypeOf(of({ done: 1 }).pipe(expose('progress', Progress))).toEqualTypeOf<Observable<{ done: number }>>();
expectTypeOf(run.exposed$('progress')).toEqualTypeOf<Observable<unknown>>();
expectTypeOf(run.exposed$<number>('progress')).toEqualTypeOf<Observable<number>>();
expectTypeOf(run.exposed$('progress', Progress)).toEqualTypeOf<Observable<{ done: number }>>();

// @ts-expect-error a published value has a name
order$.pipe(expose());
// @ts-expect-error its codec is of its type
order$.pipe(expose('progress', Progress));
// @ts-expect-error it passes values by and makes nothing of them
order$.pipe(expose('order', (order: Order) => order.id));
// @ts-expect-error the codec is of another type than is asked for
run.exposed$<string>('progress', Progress);
