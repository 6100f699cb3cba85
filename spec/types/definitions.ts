import { expectTypeOf } from 'expect-type';
import * as t from 'io-ts';
import { forkJoin, map, mergeMap, of, type Observable } from 'rxjs';
import { defineActivity, defineSignal, execute, scoped, workflow } from '../../source/index.js';

// Definitions infer from their codecs and functions, and refuse what does not fit. Compiled, never run.

declare const order$: Observable<{ id: string; total: number }>;
const approval = defineSignal('approval', t.boolean);

export const definitions = (): void => {
  const Order = t.type({ total: t.number });
  const charge = defineActivity(
    'charge',
    { input: Order, output: t.string, retry: { maxAttempts: 5 } },
    (order, context) => {
      expectTypeOf(order).toEqualTypeOf<{ total: number }>();
      expectTypeOf(context.input).toEqualTypeOf<{ total: number }>();
      expectTypeOf(context.signal).toEqualTypeOf<AbortSignal>();
      return Promise.resolve(String(order.total));
    },
  );
  expectTypeOf(execute(charge, { total: 1 })).toEqualTypeOf<Observable<string>>();

  // @ts-expect-error another input than the definition's
  void execute(charge, { total: '1' });
  const wrong = (order: { total: number }): string => String(order.total);
  // @ts-expect-error the output codec is of a number, the function gives a text
  defineActivity('charge', { input: Order, output: t.number }, wrong);
  // @ts-expect-error the same, with a parameter that is inferred
  defineActivity('charge', { input: Order, output: t.number }, (order) => String(order.total));
  // @ts-expect-error the input codec is of an order, the function wants a text
  defineActivity('charge', { input: Order }, (order: string) => order);
  // @ts-expect-error no such option
  defineActivity('charge', { retries: 5 }, (order: string) => order);

  const streams = defineActivity('stream', { output: t.number }, (n: number) => of(n, n));
  expectTypeOf(execute(streams, 1)).toEqualTypeOf<Observable<number>>();
  const inferred = defineActivity('inferred', { input: Order }, (order) => Promise.resolve(order.total));
  expectTypeOf(execute(inferred, { total: 1 })).toEqualTypeOf<Observable<number>>();
};

export const workflows = (): void => {
  const inferred = workflow('inferred', (n$: Observable<number>) => n$.pipe(map((n) => String(n))));
  expectTypeOf(inferred.input.decode('1')).toEqualTypeOf<number>();
  expectTypeOf(inferred.output.decode('1')).toEqualTypeOf<string>();

  const typed = workflow('typed', { input: t.type({ a: t.string }), output: t.number }, (input$) =>
    input$.pipe(map(({ a }) => a.length)),
  );
  expectTypeOf(typed.input.decode('1')).toEqualTypeOf<{ a: string }>();
  expectTypeOf(typed.output.decode('1')).toEqualTypeOf<number>();

  workflow('joined', (n$: Observable<number>) => forkJoin([n$, n$.pipe(map((n) => String(n)))]));

  // @ts-expect-error the output codec is of a number, the pipeline emits texts
  workflow('wrong', { output: t.number }, (n$: Observable<number>) => n$.pipe(map((n) => String(n))));
  // @ts-expect-error the input codec is of a text, the pipeline wants numbers
  workflow('wrong', { input: t.string }, (n$: Observable<number>) => n$);
  // @ts-expect-error a pipeline gives an observable or something like it
  workflow('wrong', (_n$: Observable<number>) => 5);
};

export const scopes = (): void => {
  const get = defineActivity('get', {}, (key: string) => Promise.resolve(key.length));
  const body$ = order$.pipe(
    mergeMap(
      scoped(async ({ id }, scope) => {
        expectTypeOf(await scope.awaitSignal(approval)).toEqualTypeOf<boolean>();
        expectTypeOf(await scope.sideEffect('s', () => 'x')).toEqualTypeOf<string>();
        // @ts-expect-error another input than the definition's
        void scope.execute(get, 5);
        return scope.execute(get, id);
      }),
    ),
  );
  expectTypeOf(body$).toEqualTypeOf<Observable<number>>();
};
