import test from 'ava';
import fc from 'fast-check';
import { randomBytes } from 'node:crypto';
import { JournalError, ValueError } from '../../../source/errors.js';
import { compress } from '../../../source/journal/payloads/compress.js';
import { encrypt } from '../../../source/journal/payloads/encrypt.js';
import type { PayloadCodec } from '../../../source/journal/payloads/payload-codec.js';
import { PayloadSeal, type PayloadOptions } from '../../../source/journal/payloads/payload-seal.js';
import { parseSealed, referredBy } from '../../../source/journal/payloads/sealed-text.js';
import { digest } from '../../../source/values/digest.js';

const [k1, k2] = [randomBytes(32), randomBytes(32)];
const aes = (use = 'k1'): PayloadCodec => encrypt({ keys: { k1, k2 }, use });
const long = JSON.stringify(Array.from({ length: 2000 }, (_, id) => ({ id, name: 'a customer' })));

/** A codec of the user's own. */
const reversed: PayloadCodec = {
  name: 'reversed',
  seal: (bytes) => ({ bytes: Uint8Array.from(bytes).reverse() }),
  open: (bytes) => Uint8Array.from(bytes).reverse(),
};

const chains: Readonly<Record<string, PayloadOptions>> = {
  none: {},
  'compress always': { payloads: [compress({ aboveBytes: 0 })] },
  encrypt: { payloads: [aes()] },
  'compress, encrypt': { payloads: [compress({ aboveBytes: 50 }), aes()] },
  'one of the user, compress, encrypt': { payloads: [reversed, compress(), aes('k2')] },
};

const wellFormed = fc.string({ unit: 'binary', maxLength: 500 });
const texts = fc.oneof(fc.json(), wellFormed, fc.constantFrom('', '~', '~:', '~aes=k1:AAAA', '~#digest', '~~', long));

for (const [name, options] of Object.entries(chains)) {
  test(`${name}: every text comes back as it was, by another opening too`, (t) => {
    const [one, other] = [new PayloadSeal(options), new PayloadSeal(options)];
    fc.assert(
      fc.property(texts, (text) => {
        t.is(other.open(one.seal(text)), text);
        const { text: row, big } = one.store(text);
        t.is(other.open(big?.text ?? row), text);
        t.is(other.open(one.sealDigest(text)), text);
      }),
    );
  });
}

for (const text of ['\0', 'a\0b', 'longer than a block', digest('x')]) {
  test(`the digest ${JSON.stringify(text)} is encrypted and comes back, also behind another codec`, (t) => {
    const seal = new PayloadSeal({ payloads: [reversed, aes()] });

    const sealed = seal.sealDigest(text);

    t.is(seal.open(sealed), text);
    t.regex(sealed, /^~reversed\+aes(-block)?=k1:/);
  });
}

test('without codecs JSON stands as it is, so that SQL can read it', (t) => {
  fc.assert(
    fc.property(fc.json(), (json) => {
      t.is(new PayloadSeal().seal(json), json);
    }),
  );
});

test('what was written before there were codecs stays readable', (t) => {
  t.is(new PayloadSeal(chains['compress, encrypt']).open('{"total":12.5}'), '{"total":12.5}');
});

test('what was compressed can be read by who does not compress', (t) => {
  const packed = new PayloadSeal(chains['compress always']).seal(long);

  t.true(packed.length < long.length / 2);
  t.is(new PayloadSeal().open(packed), long);
});

test('nothing of an encrypted text stands in what is stored, nor of a digest', (t) => {
  const seal = new PayloadSeal(chains['compress, encrypt']);
  for (const text of ['"4111 1111"', long]) {
    const { text: row, big } = seal.store(text);
    for (const part of [row, big?.text ?? '', big?.digest ?? '']) t.false(part.includes(text.slice(1, 9)));
  }
  t.false(seal.sealDigest(digest('yes')).includes(digest('yes')));
  t.true(seal.sealDigest(digest('yes')).length < 40, 'it stays small');
});

test('what is too big for its row has a digest there', (t) => {
  const seal = new PayloadSeal({ bigPayloadBytes: 10 });

  t.deepEqual(seal.store('12345678'), { text: '12345678' });
  t.deepEqual(seal.store('1234567890'), { text: '1234567890' });
  const { text, big } = seal.store('12345678901');
  t.is(referredBy(text), big?.digest);
  t.is(big?.text, '12345678901');
  t.truthy(seal.store('"äöüäö"').big, 'bytes count, not characters');
});

test('the same big value has the same digest, also when it is sealed in another way each time', (t) => {
  for (const options of Object.values(chains)) {
    const seal = new PayloadSeal({ ...options, bigPayloadBytes: 0 });
    t.is(seal.store(long).big?.digest, seal.store(long).big?.digest);
  }
  const keyed = (use: string) => new PayloadSeal({ payloads: [aes(use)], bigPayloadBytes: 0 }).store(long).big?.digest;
  t.not(keyed('k1'), keyed('k2'));
  t.not(keyed('k1'), new PayloadSeal({ bigPayloadBytes: 0 }).store(long).big?.digest);
});

test('a codec that seals differently each time and knows no fingerprint gives nothing away by a digest', (t) => {
  const salted: PayloadCodec = {
    name: 'salted',
    seal: (bytes) => ({ bytes: Buffer.concat([randomBytes(8), bytes]) }),
    open: (bytes) => bytes.subarray(8),
  };
  const seal = new PayloadSeal({ payloads: [salted], bigPayloadBytes: 0 });

  t.not(seal.store(long).big?.digest, seal.store(long).big?.digest);
  t.is(seal.open(seal.store(long).big?.text ?? ''), long);
});

test('a codec that was not given is named, with the key that it noted', (t) => {
  const error = t.throws(() => new PayloadSeal().open(new PayloadSeal(chains['encrypt']).seal('1')), {
    instanceOf: JournalError,
  });
  t.is(error.code, 'PAYLOAD_KEY_MISSING');
  t.regex(error.message, /"k1"/);
  const [, digested] = ['', new PayloadSeal(chains['encrypt']).sealDigest('abc')];
  t.is(t.throws(() => new PayloadSeal().open(digested), { instanceOf: JournalError }).code, 'PAYLOAD_KEY_MISSING');
});

test('what nobody ever wrote is corrupt, and its text is not shown', (t) => {
  for (const text of ['~', '~secret', '~aes=k1', '~#gone', '~Secret=1:x']) {
    const error = t.throws(() => new PayloadSeal(chains['encrypt']).open(text), { instanceOf: JournalError });
    t.is(error.code, 'PAYLOAD_CORRUPT');
    t.notRegex(error.message, /secret/i);
  }
});

test('nobody can say that a payload went through other codecs', (t) => {
  const seal = new PayloadSeal({ payloads: [compress(), aes()] });
  const { body } = parseSealed(seal.seal(long)) ?? { body: '' };

  for (const head of ['~aes=k1:', '~aes=k2:', '~deflate+aes=k2:'])
    t.is(t.throws(() => seal.open(head + body), { instanceOf: JournalError }).code, 'PAYLOAD_CORRUPT', head);
  t.is(seal.open(`~deflate+aes=k1:${body}`), long);
});

test('half a surrogate pair is refused, since it would come back changed; the text is not shown', (t) => {
  const error = t.throws(() => new PayloadSeal(chains['encrypt']).seal('secret \ud800'), { instanceOf: ValueError });

  t.is(error.code, 'INVALID_VALUE');
  t.notRegex(error.message, /secret/);
});

test('codecs of one name, of no name and limits that are none are refused', (t) => {
  const nameless: PayloadCodec = { ...reversed, name: 'No Name' };
  const chatty: PayloadCodec = { ...reversed, seal: (bytes) => ({ bytes, note: 'a b' }) };
  for (const options of [
    { payloads: [aes(), aes()] },
    { payloads: [nameless] },
    { bigPayloadBytes: -1 },
    { bigPayloadBytes: NaN },
  ])
    t.is(t.throws(() => new PayloadSeal(options), { instanceOf: JournalError }).code, 'INVALID_ARGUMENT');
  t.is(
    t.throws(() => new PayloadSeal({ payloads: [chatty] }).seal('1'), { instanceOf: JournalError }).code,
    'INVALID_ARGUMENT',
  );
});
