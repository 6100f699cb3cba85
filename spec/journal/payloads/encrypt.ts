import { createSecretKey, generateKeyPairSync, randomBytes } from 'node:crypto';
import { inspect } from 'node:util';
import test from 'ava';
import fc from 'fast-check';
import { JournalError } from '../../../source/errors.js';
import { encrypt } from '../../../source/journal/payloads/encrypt.js';
import type { PayloadCodec, Sealed } from '../../../source/journal/payloads/payload-codec.js';

const [k1, k2] = [randomBytes(32), randomBytes(32)];
const text = Buffer.from('{"card":"4111 1111"}');

const sealedBy = (codec: PayloadCodec, bytes: Uint8Array = text, before = ''): Sealed => {
  const sealed = codec.seal(bytes, before);
  if (!sealed) throw new Error('it was left as it was');
  return sealed;
};

const codeOf = (work: () => unknown): string | undefined => {
  try {
    work();
    return undefined;
  } catch (error) {
    return error instanceof JournalError ? error.code : String(error);
  }
};

test('what it has encrypted comes back as it was', (t) => {
  const codec = encrypt({ keys: { k1 }, use: 'k1' });
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 1000 }), fc.stringMatching(/^[a-z+]{0,9}$/), (bytes, before) => {
      const sealed = sealedBy(codec, bytes, before);
      t.deepEqual(new Uint8Array(codec.open(sealed.bytes, sealed.note, before)), new Uint8Array(bytes));
    }),
  );
});

test('another opening of the database with the same key reads it', (t) => {
  const { bytes, note } = sealedBy(encrypt({ keys: { k1 }, use: 'k1' }));

  t.deepEqual(Buffer.from(encrypt({ keys: { k1: createSecretKey(k1) }, use: 'k1' }).open(bytes, note, '')), text);
});

test('the same text is never sealed the same way twice', (t) => {
  const codec = encrypt({ keys: { k1 }, use: 'k1' });
  const seen = new Set(Array.from({ length: 1000 }, () => Buffer.from(sealedBy(codec).bytes).toString('hex')));

  t.is(seen.size, 1000);
  t.false([...seen].some((hex) => hex.includes(text.toString('hex'))));
});

test('every opening derives a key of its own, so that random nonces last', (t) => {
  const salt = (): string =>
    Buffer.from(sealedBy(encrypt({ keys: { k1 }, use: 'k1' })).bytes.subarray(0, 16)).toString('hex');

  t.is(new Set([salt(), salt(), salt()]).size, 3);
});

test('several keys read, one writes', (t) => {
  const old = sealedBy(encrypt({ keys: { k1 }, use: 'k1' }));
  const codec = encrypt({ keys: { k2, k1 }, use: 'k2' });

  t.deepEqual(Buffer.from(codec.open(old.bytes, old.note, '')), text);
  t.is(sealedBy(codec).note, 'k2');
});

test('a key that is missing is named', (t) => {
  const old = sealedBy(encrypt({ keys: { k1 }, use: 'k1' }));

  const error = t.throws(() => encrypt({ keys: { k2 }, use: 'k2' }).open(old.bytes, old.note, ''), {
    instanceOf: JournalError,
  });

  t.is(error.code, 'PAYLOAD_KEY_MISSING');
  t.regex(error.message, /"k1".*\(k2\)/);
});

test('another key under the same id opens nothing', (t) => {
  const { bytes, note } = sealedBy(encrypt({ keys: { k1 }, use: 'k1' }));

  t.is(
    codeOf(() => encrypt({ keys: { k1: k2 }, use: 'k1' }).open(bytes, note, '')),
    'PAYLOAD_CORRUPT',
  );
});

test('each bit is guarded, and so is what it went through before, and its length', (t) => {
  const codec = encrypt({ keys: { k1 }, use: 'k1' });
  const { bytes, note } = sealedBy(codec, text, 'deflate');

  for (let place = 0; place < bytes.length; place += 1) {
    const damaged = Uint8Array.from(bytes, (byte, index) => (index === place ? byte ^ 1 : byte));
    t.is(
      codeOf(() => codec.open(damaged, note, 'deflate')),
      'PAYLOAD_CORRUPT',
      `byte ${place}`,
    );
  }
  for (let length = 0; length < bytes.length; length += 1)
    t.is(
      codeOf(() => codec.open(bytes.subarray(0, length), note, 'deflate')),
      'PAYLOAD_CORRUPT',
      `length ${length}`,
    );
  t.is(
    codeOf(() => codec.open(bytes, note, '')),
    'PAYLOAD_CORRUPT',
  );
  t.is(
    codeOf(() => codec.open(bytes, note, 'deflate')),
    undefined,
  );
});

test('a fingerprint is the same for the same text and key, and of no use without the key', (t) => {
  const of = (key: Uint8Array, value: string) => encrypt({ keys: { k1: key }, use: 'k1' }).fingerprint?.(value);

  t.is(of(k1, 'a'), of(k1, 'a'));
  t.not(of(k1, 'a'), of(k1, 'b'));
  t.not(of(k1, 'a'), of(k2, 'a'));
});

test('what is no key is refused, and never shown', (t) => {
  const { privateKey } = generateKeyPairSync('ed25519');
  const wrong = [randomBytes(16), 'a pass phrase of 32 characters!!', Buffer.alloc(0), undefined, privateKey];
  for (const key of wrong) {
    const error = t.throws(() => encrypt({ keys: { k1: key as Uint8Array }, use: 'k1' }), { instanceOf: JournalError });
    t.is(error.code, 'INVALID_ARGUMENT');
    t.notRegex(error.message, /pass phrase/);
  }
  t.is(
    codeOf(() => encrypt({ keys: { 'k:1': k1 }, use: 'k:1' })),
    'INVALID_ARGUMENT',
  );
  t.is(
    codeOf(() => encrypt({ keys: { k1 }, use: 'k2' })),
    'INVALID_ARGUMENT',
  );
});

test('a codec that is logged shows nothing of its keys', (t) => {
  const shown = inspect(encrypt({ keys: { k1 }, use: 'k1' }), { depth: 9, showHidden: true });

  for (const encoding of ['hex', 'base64', 'latin1'] as const) t.false(shown.includes(k1.toString(encoding)));
  t.false(shown.includes(inspect(k1).slice(8, 30)));
});
