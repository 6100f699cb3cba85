import test from 'ava';
import { ValueError } from '../../source/errors.js';
import { defaultCodec } from '../../source/values/codec.js';

class Order {
  total = 1;
}
class Basket extends Array<number> {}
class SafeMap extends Map {}

const cycle: Record<string, unknown> = { name: 'cycle' };
cycle['self'] = { back: [cycle] };

const nested = (levels: number): unknown => {
  let value: unknown = 'bottom';
  for (let level = 0; level < levels; level += 1) value = [value];
  return value;
};

const withKey = (key: symbol): object => ({ [key]: 1 });

const refused: readonly [what: string, value: unknown, path: string, text: RegExp][] = [
  ['a function', () => 1, 'value', /function/],
  ['a named function', { a: [1, { go: function launch() {} }] }, 'value.a[1].go', /launch/],
  ['a symbol', { a: Symbol('mark') }, 'value.a', /Symbol\(mark\)/],
  ['a symbol as key', { a: withKey(Symbol('k')) }, 'value.a', /Symbol\(k\)/],
  ['a class instance', { order: new Order() }, 'value.order', /instance of Order/],
  ['an instance of a subclass of Map', [new SafeMap()], 'value[0]', /instance of SafeMap/],
  ['an instance of a subclass of Array', { basket: Basket.of(1, 2) }, 'value.basket', /instance of Basket/],
  ['a promise', { later: Promise.resolve(1) }, 'value.later', /instance of Promise/],
  ['a weak map', new WeakMap(), 'value', /instance of WeakMap/],
  ['a boxed number', { n: Object(1) as unknown }, 'value.n', /instance of Number/],
  ['a cycle', cycle, 'value.self.back[0]', /contains it/],
  ['a cycle through a map', new Map([['m', cycle]]), 'value["item 0"].self.back[0]', /contains it/],
  ['a getter', { get now() { return undefined; } }, 'value.now', /getter/], // prettier-ignore
  ['an array with named properties', { found: /b/.exec('abc') }, 'value.found', /named properties/],
  ['a function under an odd key', { 'odd key': { '1': () => 1 } }, 'value["odd key"]["1"]', /function/],
  ['a function in a set', { s: new Set([() => 1]) }, 'value.s["item 0"]', /function/],
  ['a nesting without end', nested(1001), `value${'[0]'.repeat(1000)}`, /1000 levels/],
];

for (const [what, value, path, text] of refused) {
  test(`${what} is refused with its path`, (t) => {
    const error = t.throws(() => defaultCodec.encode(value), { instanceOf: ValueError });

    t.is(error.code, 'INVALID_VALUE');
    t.is(error.path, path);
    t.true(error.message.startsWith(`${path} is `), error.message);
    t.regex(error.message, text);
  });
}

test('nesting up to the limit is carried', (t) => {
  t.deepEqual(defaultCodec.decode(defaultCodec.encode(nested(1000))), nested(1000));
  t.deepEqual(defaultCodec.decode(defaultCodec.encode([nested(999), undefined])), [nested(999), undefined]);
});

test('the same object in two places is no cycle', (t) => {
  const shared = { at: new Date(0) };

  t.deepEqual(defaultCodec.decode(defaultCodec.encode([shared, { shared }])), [shared, { shared }]);
});

test('what an error leaves out does not disturb the paths of its neighbours', (t) => {
  const error = Object.assign(new Error('lost'), { socket: { write: () => true } });

  const refusal = t.throws(() => defaultCodec.encode({ errors: [error, () => 1] }), { instanceOf: ValueError });

  t.is(refusal.path, 'value.errors[1]');
});

test('what many errors leave out does not count as nesting', (t) => {
  const errors = Array.from({ length: 1000 }, () =>
    Object.assign(new Error('lost'), { socket: { write: () => true } }),
  );
  const last = { deep: { deeper: undefined } };

  const decoded = defaultCodec.decode(defaultCodec.encode([...errors, last])) as unknown[];

  t.deepEqual(decoded[1000], last);
});

test('properties that are not enumerable are no data', (t) => {
  const value = Object.defineProperty({ a: undefined }, 'hidden', { value: () => 1, enumerable: false });

  t.deepEqual(defaultCodec.decode(defaultCodec.encode(value)), { a: undefined });
});
