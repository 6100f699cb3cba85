import { expectTypeOf } from 'expect-type';
import * as t from 'io-ts';
import { map, mergeMap, of, race, timer, type Observable, type OperatorFunction } from 'rxjs';
import {
  activity,
  awaitSignal,
  defineActivity,
  defineSignal,
  sideEffect,
  signals,
  sleep,
  sleepUntil,
} from '../../source/index.js';

// Types flow through `.pipe()` without annotations; what does not fit does not compile. Compiled, never run.

declare const order$: Observable<{ id: string; total: number }>;
const approval = defineSignal('approval', t.boolean);

export const flows = (): void => {
  const result$ = order$.pipe(
    activity('price', ({ total }) => Promise.resolve(total * 2)),
    sideEffect('random', (price) => ({ price, random: 0.5 })),
    awaitSignal(approval, (approved, { price }) => ({ approved, price })),
    sleep('1 day'),
    sleep('a name', 5),
    sleepUntil(({ price }) => new Date(price)),
    map(({ approved, price }) => (approved ? price : undefined)),
  );
  expectTypeOf(result$).toEqualTypeOf<Observable<number | undefined>>();

  const nested$ = order$.pipe(
    mergeMap(({ id }) =>
      race(of(id).pipe(activity('find', (key) => key.length)), timer(1).pipe(map(() => 'late' as const))),
    ),
  );
  expectTypeOf(nested$).toEqualTypeOf<Observable<number | 'late'>>();
  expectTypeOf(order$.pipe(awaitSignal(approval))).toEqualTypeOf<Observable<boolean>>();
  expectTypeOf(signals(approval)).toEqualTypeOf<Observable<boolean>>();
};

declare const out: <I, O>(operator: OperatorFunction<I, O>) => { readonly from: I; readonly to: O };

export const emitted = (): void => {
  expectTypeOf(out(activity('f', (n: number) => String(n)))).toEqualTypeOf<{
    readonly from: number;
    readonly to: string;
  }>();
  expectTypeOf(out(activity('f', (n: number) => Promise.resolve(n))).to).toEqualTypeOf<number>();
  expectTypeOf(out(activity('f', (n: number) => of(n, 'a'))).to).toEqualTypeOf<number | string>();
  expectTypeOf(out(activity('f', (n: number) => [n])).to).toEqualTypeOf<number[]>();
  expectTypeOf(out(activity('f', (text: string) => text)).to).toEqualTypeOf<string>();
  expectTypeOf(out(activity('f', { run: (n: number) => Promise.resolve({ n }) })).to).toEqualTypeOf<{ n: number }>();
  const numbers = async function* (n: number) {
    await Promise.resolve();
    yield n;
  };
  expectTypeOf(out(activity('f', numbers)).to).toEqualTypeOf<number>();
};

declare const priced$: Observable<number>;
const charge = defineActivity('charge', {}, (order: { total: number; currency: string }) => order.total);

export const wrongPipes = (): void => {
  // @ts-expect-error the activity wants another input than upstream has
  void order$.pipe(activity('price', (text: string) => text.length));
  // @ts-expect-error upstream has no currency
  void order$.pipe(activity(charge));
  // @ts-expect-error the activity emits numbers, the next operator wants texts
  void order$.pipe(activity('price', one), activity('next', text));
  // @ts-expect-error the signal's payload is a boolean
  void order$.pipe(awaitSignal(approval, (approved: string) => approved));
  // @ts-expect-error a side effect of another value than upstream has
  void priced$.pipe(sideEffect('random', (text: string) => text.length));
  // @ts-expect-error neither a number nor a text
  void order$.pipe(sleep(true));
  // @ts-expect-error an activity needs its function
  void order$.pipe(activity('price'));
};

const one = (): number => 1;
const text = (value: string): string => value;
