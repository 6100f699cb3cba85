import test from 'ava';
import { chain } from 'fp-ts/lib/Either.js';
import { pipe } from 'fp-ts/lib/function.js';
import * as t from 'io-ts';
import { ValueError } from '../../source/errors.js';
import { defaultCodec } from '../../source/values/codec.js';
import { codecOf, ioTsCodec } from '../../source/values/io-ts-codec.js';

const Item = t.type({ sku: t.string, price: t.number });
const Order = t.type({ id: t.string, items: t.array(Item) });

/** A date that is written as its text. */
const DateFromText = new t.Type<Date, string>(
  'DateFromText',
  (value): value is Date => value instanceof Date,
  (value, context) =>
    pipe(
      t.string.validate(value, context),
      chain((text) =>
        Number.isNaN(Date.parse(text)) ? t.failure(value, context, 'not a date') : t.success(new Date(text)),
      ),
    ),
  (date) => date.toISOString(),
);

const refusal = (act: () => unknown): ValueError => {
  try {
    act();
  } catch (error) {
    if (error instanceof ValueError) return error;
    throw error;
  }
  throw new Error('nothing was refused');
};

/** What a boundary of this type says to a value that came from elsewhere. */
const decoding = (type: t.Mixed, value: unknown): ValueError =>
  refusal(() => ioTsCodec(type).decode(defaultCodec.encode(value)));

test('a value goes through its type and back', (test) => {
  const codec = ioTsCodec(t.type({ at: DateFromText, items: t.array(Item) }));
  const value = { at: new Date(0), items: [{ sku: 'a', price: 2.5 }] };

  const text = codec.encode(value);

  test.is(text, '{"at":"1970-01-01T00:00:00.000Z","items":[{"sku":"a","price":2.5}]}');
  test.deepEqual(codec.decode(text), value);
});

test('a type that encodes to what JSON lacks is carried by the default codec', (test) => {
  const codec = ioTsCodec(t.type({ amount: t.bigint, note: t.union([t.string, t.undefined]) }));

  test.deepEqual(codec.decode(codec.encode({ amount: 2n ** 70n, note: undefined })), {
    amount: 2n ** 70n,
    note: undefined,
  });
});

test('a fault is named with its path, what was expected and what was found', (test) => {
  const error = decoding(Order, {
    id: 'o-1',
    items: [
      { sku: 'a', price: 1 },
      { sku: 'b', price: '2' },
    ],
  });

  test.is(error.code, 'DECODE_FAILED');
  test.is(error.path, 'value.items[1].price');
  test.regex(error.message, /value\.items\[1\]\.price: expected number, found "2"/);
});

test('a value that does not fit is refused when it is written, too', (test) => {
  const error = refusal(() => ioTsCodec(Order).encode({ id: 'o-1', items: [{ sku: 7, price: 1 }] } as never));

  test.is(error.path, 'value.items[0].sku');
});

test('a type whose encode throws is refused with the fault that decode finds', (test) => {
  const error = refusal(() => ioTsCodec(t.type({ at: DateFromText })).encode({ at: 'yesterday' } as never));

  test.is(error.code, 'DECODE_FAILED');
  test.is(error.path, 'value.at');
  test.regex(error.message, /not a date/);
});

test('a type whose encode throws on a value that it decodes keeps the cause', (test) => {
  const odd = new t.Type<string, string>(
    'Odd',
    t.string.is,
    (value, context) => t.string.validate(value, context),
    () => {
      throw new RangeError('cannot');
    },
  );

  const error = refusal(() => ioTsCodec(odd).encode('a'));

  test.is(error.code, 'DECODE_FAILED');
  test.true(error.cause instanceof RangeError);
});

for (const [what, type, value, path] of [
  ['the value itself', t.string, 1, 'value'],
  ['a missing property', Item, { sku: 'a' }, 'value.price'],
  ['an entry of a record', t.record(t.string, t.number), { 'odd key': 'x' }, 'value["odd key"]'],
  [
    'a property behind a union',
    t.type({ pay: t.union([t.type({ card: t.string }), t.null]) }),
    { pay: { card: 1 } },
    'value.pay.card',
  ],
  [
    'a property behind an intersection',
    t.intersection([t.type({ a: t.number }), t.type({ b: t.number })]),
    { a: 1 },
    'value.b',
  ],
  ['an element of a tuple', t.tuple([t.string, t.number]), ['a', 'b'], 'value[1]'],
  ['an element of a read-only array', t.type({ list: t.readonlyArray(t.number) }), { list: [1, 'x'] }, 'value.list[1]'],
  ['an element of an array made read-only', t.readonly(t.array(t.number)), ['x'], 'value[0]'],
  ['a property of an exact type', t.strict({ a: t.number }), { a: 'x' }, 'value.a'],
  [
    'a property of an exact intersection',
    t.exact(t.intersection([t.type({ a: t.number }), t.partial({ b: t.number })])),
    { a: 'x' },
    'value.a',
  ],
  [
    'a property of a recursive type',
    t.recursion('Tree', (self: t.Mixed) => t.type({ kids: t.array(self) })),
    { kids: [{ kids: 1 }] },
    'value.kids[0].kids',
  ],
] as const) {
  test(`the path of ${what} is ${path}`, (test) => {
    test.is(decoding(type, value).path, path);
  });
}

test('many faults are counted, not all listed', (test) => {
  const { message } = decoding(t.array(t.number), Array(12).fill('x'));

  test.is(message.match(/expected number/g)?.length, 5);
  test.regex(message, / and 7 more$/);
});

test('a large or odd found value is shown in short', (test) => {
  test.regex(decoding(t.number, 'x'.repeat(10_000)).message, /found "x{79}…$/);
  test.regex(decoding(t.number, 5n).message, /found bigint/);
  test.regex(decoding(t.number, undefined).message, /found undefined/);
  test.regex(decoding(t.string, null).message, /found null/);
});

test('without a type any value that the default codec carries passes', (test) => {
  const codec = codecOf<unknown>();

  test.deepEqual(codec.decode(codec.encode({ at: new Date(0) })), { at: new Date(0) });
});
