import { randomBytes } from 'node:crypto';
import { inflateSync } from 'node:zlib';
import test from 'ava';
import fc from 'fast-check';
import { JournalError } from '../../../source/errors.js';
import { compress } from '../../../source/journal/payloads/compress.js';

const long = Buffer.from(JSON.stringify(Array.from({ length: 200 }, (_, id) => ({ id, name: 'a customer' }))));

test('what it has compressed comes back as it was', (t) => {
  const codec = compress({ aboveBytes: 0 });
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 5000 }), fc.nat(50), (bytes, times) => {
      const repeated = Buffer.concat(Array.from({ length: times }, () => bytes));
      const sealed = codec.seal(repeated, '');
      if (sealed) t.deepEqual(Buffer.from(codec.open(sealed.bytes, undefined, '')), repeated);
    }),
  );
});

test('a text of many repetitions gets much smaller', (t) => {
  const sealed = compress().seal(long, '');

  t.true(sealed !== undefined && sealed.bytes.length < long.length / 4);
  t.deepEqual(inflateSync(sealed?.bytes ?? new Uint8Array()), long);
});

test('what is small stays as it is, and so does what would not get smaller as base64', (t) => {
  t.is(compress().seal(Buffer.alloc(1023), ''), undefined);
  t.truthy(compress().seal(Buffer.alloc(1024), ''));
  t.is(compress().seal(randomBytes(10_000), ''), undefined);
  t.is(compress({ aboveBytes: 0 }).seal(Buffer.from('{"total":12.5}'), ''), undefined);
});

test('a byte that has changed is noticed', (t) => {
  const codec = compress();
  const sealed = codec.seal(long, '')?.bytes ?? new Uint8Array();

  for (const place of [0, 10, Math.floor(sealed.length / 2), sealed.length - 1]) {
    const damaged = Uint8Array.from(sealed, (byte, index) => (index === place ? byte ^ 4 : byte));
    const error = t.throws(() => codec.open(damaged, undefined, ''), { instanceOf: JournalError });
    t.is(error.code, 'PAYLOAD_CORRUPT');
  }
});

test('options that are none are refused', (t) => {
  for (const options of [{ level: 0 }, { level: 10 }, { level: 1.5 }, { aboveBytes: -1 }, { aboveBytes: NaN }])
    t.is(t.throws(() => compress(options), { instanceOf: JournalError }).code, 'INVALID_ARGUMENT');
});
