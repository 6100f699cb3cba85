import test from 'ava';
import { inspect } from 'node:util';
import fc from 'fast-check';
import { ActivityError, TempoliteError, ValueError } from '../../source/errors.js';
import { decodeFailure, encodeFailure } from '../../source/values/failure.js';
import { same } from '../_support/same.js';

const again = (error: unknown): unknown => decodeFailure(encodeFailure(error));

const asError = (value: unknown): Error => {
  if (value instanceof Error) return value;
  throw new TypeError(`no error: ${String(value)}`);
};

test('an error comes back with its chain, codes and own properties', (t) => {
  const root = Object.assign(new Error('connect ECONNREFUSED'), { code: 'ECONNREFUSED', port: 5432 });
  const middle = new TypeError('fetch failed', { cause: root });
  const top = new ActivityError('ACTIVITY_FAILED', 'activity "charge" failed', { cause: middle });

  const found = asError(again(top));

  t.true(same(found, top));
  t.true(found instanceof ActivityError && found instanceof TempoliteError);
  t.like(found, { code: 'ACTIVITY_FAILED' });
  const cause = asError(found.cause);
  t.true(cause instanceof TypeError);
  t.like(asError(cause.cause), { message: 'connect ECONNREFUSED', code: 'ECONNREFUSED', port: 5432 });
});

test('the stack is the one of the place where it was thrown', (t) => {
  const error = new Error('here');

  t.is(asError(again(error)).stack, error.stack);
});

test('an error of an unknown class comes back as an Error of that name', (t) => {
  class PaymentRefused extends Error {
    override name = 'PaymentRefused';
    reason = 'limit';
  }

  const found = asError(again(new PaymentRefused('no')));

  t.is(Object.getPrototypeOf(found), Error.prototype);
  t.like(found, { name: 'PaymentRefused', message: 'no', reason: 'limit' });
});

test('an AbortError of the platform comes back with its name', (t) => {
  t.like(asError(again(new DOMException('stop', 'AbortError'))), { name: 'AbortError', message: 'stop' });
});

test('what hangs on an error and cannot be written down is left out and named', (t) => {
  const socket = { write: () => true };
  const error = Object.assign(new Error('broken pipe'), { socket, code: 'EPIPE', at: new Date(0) });

  const found = asError(again(error));

  t.like(found, { message: 'broken pipe', code: 'EPIPE', at: new Date(0), unrecorded: ['socket'] });
  t.false('socket' in found);
});

test('an error that causes itself survives without its cause', (t) => {
  const error = new Error('ouroboros');
  error.cause = error;

  t.like(asError(again(error)), { message: 'ouroboros', unrecorded: ['cause'] });
});

test('a property whose getter throws does not hide the error', (t) => {
  const error = Object.defineProperty(new Error('the real one'), 'detail', {
    enumerable: true,
    get: () => {
      throw new Error('the getter');
    },
  });

  t.like(asError(again(error)), { message: 'the real one', unrecorded: ['detail'] });
});

for (const thrown of ['a text', '', undefined, null, 0, -0, NaN, 7n, false, { status: 404 }, ['a'], new Date(0)]) {
  test(`a thrown ${inspect(thrown)} is carried as it is`, (t) => {
    t.true(same(again(thrown), thrown));
  });
}

for (const [what, thrown, text] of [
  ['function', () => 1, /function was thrown/],
  ['symbol', Symbol('odd'), /symbol was thrown.*Symbol\(odd\)/],
  ['class instance', new (class Odd { n = 1; })(), /object was thrown.*Odd/], // prettier-ignore
] as const) {
  test(`a thrown ${what} is described`, (t) => {
    t.regex(asError(again(thrown)).message, text);
  });
}

test('a description has an end', (t) => {
  const thrown = new (class Long { text = 'x'.repeat(100_000); })(); // prettier-ignore

  t.true(asError(again(thrown)).message.length < 1000);
});

test('an aggregate keeps its parts', (t) => {
  const found = again(new AggregateError([new ValueError('INVALID_VALUE', 'a'), 'b'], 'both'));

  t.true(found instanceof AggregateError && found.errors[0] instanceof ValueError);
  t.is((found as AggregateError).errors[1], 'b');
});

test('whatever is thrown can be recorded', (t) => {
  fc.assert(
    fc.property(fc.anything({ withSparseArray: true, withObjectString: true, withNullPrototype: true }), (thrown) => {
      again(thrown);
    }),
  );
  t.pass();
});
