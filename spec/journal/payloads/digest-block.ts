import { createSecretKey, randomBytes } from 'node:crypto';
import test from 'ava';
import fc from 'fast-check';
import { JournalError } from '../../../source/errors.js';
import { digestBlock } from '../../../source/journal/payloads/digest-block.js';
import { digest } from '../../../source/values/digest.js';

const corrupt = (): JournalError => new JournalError('PAYLOAD_CORRUPT', 'corrupt');
const blockOf = (key = createSecretKey(randomBytes(32))) => digestBlock('k1', () => key, corrupt);

test('a digest comes back as it was', (t) => {
  const codec = blockOf();
  fc.assert(
    fc.property(fc.string(), (text) => {
      const bytes = Buffer.from(digest(text));
      const sealed = codec.seal(bytes, '');
      t.is(sealed?.bytes.length, 16);
      t.deepEqual(Buffer.from(codec.open(sealed?.bytes ?? bytes, 'k1', '')), bytes);
    }),
  );
});

test('the same digest is the same block under one key, another one under another', (t) => {
  const [one, other] = [blockOf(), blockOf()];
  const bytes = Buffer.from(digest('yes'));

  t.deepEqual(one.seal(bytes, ''), one.seal(bytes, ''));
  t.notDeepEqual(one.seal(bytes, ''), other.seal(bytes, ''));
});

test('what is longer than a digest is left to others', (t) => {
  t.is(blockOf().seal(Buffer.alloc(13, 1), ''), undefined);
});

test('a block that was changed, cut, or sealed with another key is noticed', (t) => {
  const codec = blockOf();
  const sealed = codec.seal(Buffer.from(digest('yes')), '')?.bytes ?? new Uint8Array();

  for (let place = 0; place < 16; place += 1) {
    const damaged = Uint8Array.from(sealed, (byte, index) => (index === place ? byte ^ 1 : byte));
    t.throws(() => codec.open(damaged, 'k1', ''), { instanceOf: JournalError }, `byte ${place}`);
  }
  t.throws(() => codec.open(sealed.subarray(1), 'k1', ''), { instanceOf: JournalError });
  t.throws(() => blockOf().open(sealed, 'k1', ''), { instanceOf: JournalError });
});
