import test from 'ava';
import fc from 'fast-check';
import { ValueError } from '../../source/errors.js';
import { defaultCodec, limited, roundTrip } from '../../source/values/codec.js';
import { same } from '../_support/same.js';

const again = (value: unknown): unknown => defaultCodec.decode(defaultCodec.encode(value));

const withProperties = (error: Error, properties: object): Error => Object.assign(error, properties);

/** `{}` with an own property of any name. */
const owning = (key: string, value: unknown): object =>
  Object.defineProperty({}, key, { value, enumerable: true, writable: true, configurable: true });

const ownProto = owning('__proto__', { polluted: true });

const carried: Readonly<Record<string, unknown>> = {
  zero: 0,
  'minus zero': -0,
  'minus three': -3,
  'a fraction': 0.1,
  'the largest number': Number.MAX_VALUE,
  'the smallest number': Number.MIN_VALUE,
  'an empty text': '',
  'a text with a NUL': 'before\0after',
  'a lone high surrogate': '\ud83d',
  'a lone low surrogate': '\ude00!',
  'an emoji': '😀',
  'line separators': '\u2028\u2029\r\n',
  true: true,
  false: false,
  null: null,
  undefined: undefined,
  NaN: NaN,
  Infinity: Infinity,
  '-Infinity': -Infinity,
  'a date': new Date('2026-11-22T10:11:12.013Z'),
  'a date before Christ': new Date(-1e14),
  'the last date': new Date(8.64e15),
  'an invalid date': new Date(NaN),
  'a map': new Map<unknown, unknown>([
    ['a', 1],
    [{ key: 'object' }, new Map([[undefined, null]])],
    [NaN, -0],
  ]),
  'an empty map': new Map(),
  'a set': new Set<unknown>([1, '1', [1], new Set()]),
  'a bigint': 2n ** 80n,
  'a negative bigint': -1n,
  'an Uint8Array': new Uint8Array([0, 127, 255]),
  'an empty Uint8Array': new Uint8Array(),
  'an Uint8ClampedArray': new Uint8ClampedArray([0, 255]),
  'an Int8Array': new Int8Array([-128, 127]),
  'an Int16Array': new Int16Array([-32768, 32767]),
  'an Uint16Array': new Uint16Array([65535]),
  'an Int32Array': new Int32Array([-1]),
  'an Uint32Array': new Uint32Array([4294967295]),
  'a Float32Array': new Float32Array([0.5, NaN, -0]),
  'a Float64Array': new Float64Array([0.1, Infinity]),
  'a part of a Float64Array': new Float64Array([1, 2, 3, 4]).subarray(1, 3),
  'a BigInt64Array': new BigInt64Array([-(2n ** 63n)]),
  'a BigUint64Array': new BigUint64Array([2n ** 64n - 1n]),
  'a Buffer': Buffer.from('buffer'),
  'an ArrayBuffer': new Uint8Array([1, 2, 3]).buffer,
  'a DataView': new DataView(new Uint8Array([1, 2, 3, 4]).buffer, 1, 2),
  'a URL': new URL('https://user:secret@example.com:8080/a%20b?q=1#hash'),
  'a RegExp': /a\/b(?<c>.)/giu,
  'a RegExp in use': Object.assign(/x/g, { lastIndex: 3 }),
  'an error': new Error('lost'),
  'an error with a cause': new Error('lost', { cause: new TypeError('why', { cause: 'a text' }) }),
  'an error whose cause is undefined': new Error('lost', { cause: undefined }),
  'an error with a code': withProperties(new Error('lost'), { code: 'ENOENT', errno: -2 }),
  'an error with own properties': withProperties(new RangeError('far'), { at: new Date(0), more: { n: 1n } }),
  'an aggregate error': new AggregateError([new Error('one'), 'two'], 'several'),
  'an error of ours': new ValueError('INVALID_VALUE', 'no', { path: 'value.a' }),
  'an object without a prototype': Object.assign(Object.create(null) as object, { a: 1, b: undefined }),
  'an array with holes': [, 1, , undefined, ,], // eslint-disable-line no-sparse-arrays
  'an empty array': [],
  'an empty object': {},
  'keys with an order': { b: 1, a: 2, 10: 3, 9: 4 },
  'odd keys': { '': 1, '\0': 2, '\ud800': 3, constructor: 4, hasOwnProperty: 5, toJSON: 6, length: 7 },
  'an own __proto__': ownProto,
  'an own __proto__ beside a date': Object.assign(Object.create(null) as object, {
    proto: ownProto,
    date: new Date(0),
  }),
  'an object that looks like a tag': { $type: 'Date', value: '2026-11-22' },
  'an object that looks like an escaped tag': { $type: 'Object', value: { $type: 'Date', value: 0 } },
  'an object that looks like a hole': [{ $type: 'Hole' }],
  'an object with an unknown tag': { $type: 'FromTheFuture' },
  'an object whose $type is no text': { $type: 5, value: new Date(0) },
  'an object whose $type is undefined': { $type: undefined },
  'the text $type': ['$type', '"$type"'],
};

for (const [what, value] of Object.entries(carried)) {
  test(`${what} comes back as it was, alone and within others`, (t) => {
    const around = { list: [value, [value]], map: new Map([[value, value]]), cause: new Error('x', { cause: value }) };

    t.true(same(again(value), value));
    t.true(same(again(around), around));
  });
}

const text = fc.oneof(
  fc.string({ unit: 'binary' }),
  fc.constantFrom('\0', '\ud800', '$type', '__proto__', 'toJSON', ''),
);

const { anything } = fc.letrec((tie) => ({
  anything: fc.oneof(
    { depthSize: 'small', withCrossShrink: true },
    fc.oneof(
      fc.double(),
      fc.integer(),
      text,
      fc.boolean(),
      fc.bigInt(),
      fc.constantFrom(null, undefined),
      fc.date({ noInvalidDate: false }),
      fc.uint8Array(),
      fc.float64Array(),
      fc.bigInt64Array(),
      fc.webUrl().map((url) => new URL(url)),
    ),
    fc.array(tie('anything'), { maxLength: 4 }),
    fc.dictionary(text, tie('anything'), { maxKeys: 4, noNullPrototype: false }),
    fc.record({ $type: fc.constantFrom('Date', 'Object', 'Hole', 'Map', 'x'), value: tie('anything') }),
    fc.array(fc.tuple(tie('anything'), tie('anything')), { maxLength: 3 }).map((entries) => new Map(entries)),
    fc.array(tie('anything'), { maxLength: 3 }).map((items) => new Set(items)),
    fc.tuple(text, tie('anything')).map(([message, cause]) => new Error(message, { cause })),
  ),
}));

test('whatever is carried comes back as it was', (t) => {
  fc.assert(
    fc.property(anything, (value) => same(again(value), value)),
    { numRuns: 500 },
  );
  t.pass();
});

test('what comes back is written the same way again', (t) => {
  fc.assert(
    fc.property(anything, (value) => defaultCodec.encode(again(value)) === defaultCodec.encode(value)),
    { numRuns: 300 },
  );
  t.pass();
});

test('plain JSON stays plain JSON', (t) => {
  const plain = fc.jsonValue().filter((value) => !/-0|__proto__/.test(JSON.stringify(value)) && !hasMinusZero(value));

  fc.assert(fc.property(plain, (value) => defaultCodec.encode(value) === JSON.stringify(value)));

  t.is(defaultCodec.encode({ order: { total: 12.5, items: ['a'] } }), '{"order":{"total":12.5,"items":["a"]}}');
});

const hasMinusZero = (value: unknown): boolean =>
  Object.is(value, -0) || (typeof value === 'object' && value !== null && Object.values(value).some(hasMinusZero));

test('a special value is tagged at its place and leaves its neighbours readable', (t) => {
  t.is(
    defaultCodec.encode({ id: 7, at: new Date(0), none: undefined }),
    '{"id":7,"at":{"$type":"Date","value":"1970-01-01T00:00:00.000Z"},"none":{"$type":"Undefined"}}',
  );
});

test('the text has no NUL and no lone surrogate, so that no database can cut or change it', (t) => {
  const encoded = defaultCodec.encode({ '\0': '\0', '\ud800': ['\udfff', new Map([['\0', '\ud800']])] });

  t.false(/\0|\p{Surrogate}/u.test(encoded));
});

test('a tag that this release does not know is refused', (t) => {
  const error = t.throws(() => defaultCodec.decode('{"a":{"$type":"Temporal","value":"now"}}'), {
    instanceOf: ValueError,
  });

  t.is(error.code, 'DECODE_FAILED');
  t.regex(error.message, /"Temporal".*newer release/);
});

test('decoding a tag of __proto__ pollutes nothing', (t) => {
  const decoded = defaultCodec.decode('{"__proto__":{"polluted":true},"d":{"$type":"Undefined"}}') as object;

  t.deepEqual(Object.keys(decoded), ['__proto__', 'd']);
  t.is(Reflect.get({}, 'polluted'), undefined);
  t.is(Object.getPrototypeOf(decoded), Object.prototype);
});

test('a value of just the limit passes, one byte more is refused', (t) => {
  const codec = limited(defaultCodec, 10);

  t.is(codec.encode('12345678'), '"12345678"');
  t.is(codec.decode(codec.encode('12345678')), '12345678');
  const error = t.throws(() => codec.encode('123456789'), { instanceOf: ValueError });
  t.is(error.code, 'PAYLOAD_TOO_LARGE');
  t.regex(error.message, /11 bytes.*10 of maxPayloadBytes/);
});

test('the limit counts bytes, not characters', (t) => {
  const codec = limited(defaultCodec, 10);

  t.notThrows(() => codec.encode('ééé'));
  t.notThrows(() => codec.encode('😀😀'));
  t.is(t.throws(() => codec.encode('ééééé'), { instanceOf: ValueError }).code, 'PAYLOAD_TOO_LARGE');
});

test('a round trip shows the text and what will be read back from it', (t) => {
  const given = { a: [1, undefined] };

  const { text: written, value } = roundTrip(defaultCodec, given);

  t.is(written, '{"a":[1,{"$type":"Undefined"}]}');
  t.deepEqual(value, given);
  t.not(value, given);
});
