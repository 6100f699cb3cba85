import test from 'ava';
import * as io from 'io-ts';
import { map, type Observable } from 'rxjs';
import { activity, defineActivity, sideEffect, workflow, type Run } from '../../source/index.js';
import { engineOf } from '../_support/engine.js';

const anything = (): Readonly<Record<string, unknown>> => ({
  zero: 0,
  negative: -3,
  empty: '',
  null: null,
  undefined,
  notANumber: NaN,
  infinite: -Infinity,
  minusZero: -0,
  date: new Date('2026-11-24T10:00:00Z'),
  map: new Map<unknown, unknown>([
    ['a', 1],
    [{ key: true }, new Set([1n])],
  ]),
  set: new Set(['x', undefined]),
  bigint: 2n ** 80n,
  bytes: new Uint8Array([0, 127, 255]),
  floats: new Float64Array([1.5, NaN]),
  url: new URL('https://example.org/a?b=c#d'),
  regexp: /a+b/giu,
  lone: '\ud800 and \0',
  error: Object.assign(new TypeError('wrong', { cause: new Error('deeper', { cause: 'text' }) }), { code: 'E_WRONG' }),
  nested: [[{ deep: [undefined, null, [new Date(0)]] }]],
});

test('every kind of value survives each boundary of the journal exactly', async (t) => {
  const seen: unknown[] = [];
  const look = <T>(value: T): T => {
    seen.push(value);
    return value;
  };
  const travelling = workflow('travelling', (value$: Observable<Readonly<Record<string, unknown>>>) =>
    value$.pipe(
      map(look),
      activity('give', (value: unknown) => look(value)),
      sideEffect('keep', look),
      map(look),
    ),
  );
  const { tempolite, url, clock } = await engineOf(t, { workflows: [travelling] });
  const result = await (await tempolite.start(travelling, anything(), { id: 'journey' })).result();

  for (const value of [...seen, result]) {
    t.deepEqual(value, anything());
    t.is((value as { error: Error }).error.message, 'wrong');
    t.is(((value as { error: Error }).error.cause as Error).cause, 'text');
  }
  t.is(seen.length, 4);
  await tempolite.close();
  const later = await engineOf(t, { workflows: [travelling], url, clock });
  t.deepEqual(await later.tempolite.run('journey', travelling).result(), anything());
});

class Money {
  readonly cents = 5;
}

const refused: Readonly<Record<string, unknown>> = {
  'a function': { order: { items: [1, { price: () => 1 }] } },
  'a symbol': { order: { items: [1, { price: Symbol('x') }] } },
  'a class instance': { order: { items: [1, { price: new Money() }] } },
};

for (const [what, input] of Object.entries(refused)) {
  test(`${what} in the input is refused with its path, and nothing is written`, async (t) => {
    const taking = workflow('taking', (value$: Observable<unknown>) => value$);
    const { tempolite } = await engineOf(t, { workflows: [taking] });

    const error = await t.throwsAsync(tempolite.start(taking, input), { code: 'INVALID_VALUE' });
    t.regex(error.message, /order\.items\[1\]\.price/);
    t.deepEqual(await tempolite.list(), []);
  });

  test(`${what} in a result fails the activity once, with its path`, async (t) => {
    let calls = 0;
    const giving = workflow('giving', (n$: Observable<number>) =>
      n$.pipe(
        activity('give', () => {
          calls += 1;
          return input;
        }),
      ),
    );
    const { tempolite, clock } = await engineOf(t, { workflows: [giving] });

    const error = await t.throwsAsync(clock.until((await tempolite.start(giving, 1)).result()), {
      code: 'RESULT_UNRECORDABLE',
    });
    t.regex(error.message, /order\.items\[1\]\.price/);
    t.is(calls, 1, 'the effect has happened: it is not repeated');
  });
}

const Order = io.type({ id: io.string, lines: io.array(io.type({ price: io.number })) });
const bad = { id: 'a', lines: [{ price: 1 }, { price: 'two' }] } as unknown as io.TypeOf<typeof Order>;

test('a value that fails its codec is named by its path at every boundary; other runs go on', async (t) => {
  const check = defineActivity('check', { input: Order, output: io.number }, (order) => order.lines.length);
  const wrong = defineActivity('wrong', { output: Order }, (_: number) => bad);
  const input = workflow('input', { input: Order }, (order$) => order$.pipe(activity(check)));
  const inner = workflow('inner', (n$: Observable<number>) =>
    n$.pipe(
      map(() => bad),
      activity(check),
    ),
  );
  const result = workflow('result', (n$: Observable<number>) => n$.pipe(activity(wrong)));
  const output = workflow('output', { output: Order }, (n$: Observable<number>) => n$.pipe(map(() => bad)));
  const { tempolite, clock } = await engineOf(t, { workflows: [input, inner, result, output] });

  const atStart = await t.throwsAsync(tempolite.start(input, bad), { code: 'DECODE_FAILED' });
  t.regex(atStart.message, /lines\[1\]\.price/);
  t.is((await tempolite.list()).length, 0);
  const runs = [tempolite.start(inner, 1), tempolite.start(result, 1), tempolite.start(output, 1)] as const;
  for (const run of await Promise.all<Run>(runs)) {
    const error = await t.throwsAsync(clock.until(run.result()));
    t.regex(error.message, /lines\[1\]\.price/);
  }
  t.is(await (await tempolite.start(input, { id: 'b', lines: [] })).result(), 0);
});

test('a payload above the limit is refused where it arises', async (t) => {
  const long = workflow('long', (n$: Observable<number>) => n$.pipe(activity('long', (n: number) => 'x'.repeat(n))));
  const { tempolite, clock } = await engineOf(t, { workflows: [long], maxPayloadBytes: 1000 });

  t.is(((await (await tempolite.start(long, 900)).result()) ?? '').length, 900);
  await t.throwsAsync(clock.until((await tempolite.start(long, 1001)).result()), { message: /1,?000/ });
});

test('heartbeat details above the limit fail their attempt; those that were told before come back to the next one', async (t) => {
  const told: unknown[] = [];
  const beating = workflow('beating', (length$: Observable<number>) =>
    length$.pipe(
      activity(
        'beat',
        (length: number, context) => {
          told.push(context.heartbeatDetails);
          context.heartbeat('short');
          context.heartbeat('x'.repeat(length));
        },
        { retry: { maxAttempts: 2, initialInterval: 1 } },
      ),
    ),
  );
  const { tempolite, clock } = await engineOf(t, { workflows: [beating], maxPayloadBytes: 1000 });

  await clock.until((await tempolite.start(beating, 900)).result());
  await t.throwsAsync(clock.until((await tempolite.start(beating, 1001)).result()), {
    code: 'ACTIVITY_FAILED',
    message: /1,?000/,
  });

  t.deepEqual(told, [undefined, undefined, 'short']);
});

test('another input for a retry is limited as that of a start is', async (t) => {
  const short = workflow('short', (text$: Observable<string>) => text$);
  const { tempolite, clock } = await engineOf(t, { workflows: [short], maxPayloadBytes: 1000 });
  const run = await tempolite.start(short, 'x');
  await clock.until(run.result());

  await t.throwsAsync(run.retry({ input: 'x'.repeat(1001) }), { message: /1,?000/ });
  const again = await run.retry({ input: 'x'.repeat(900) });

  t.is((await clock.until(again.result()))?.length, 900);
  t.is((await tempolite.list()).length, 2);
});
