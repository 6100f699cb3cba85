import test from 'ava';
import fc from 'fast-check';
import {
  formatSealed,
  isSealed,
  marksText,
  parseSealed,
  referenceTo,
  referredBy,
} from '../../../source/journal/payloads/sealed-text.js';

const name = fc.stringMatching(/^[a-z\d-]{1,20}$/);
const note = fc.option(fc.stringMatching(/^[\w-]{1,64}$/), { nil: undefined });
const sealedText = fc.record({ marks: fc.array(fc.record({ name, note })), body: fc.string() });

test('what is formatted is parsed as what it was', (t) => {
  fc.assert(
    fc.property(sealedText, (sealed) => {
      t.deepEqual(parseSealed(formatSealed(sealed)), sealed);
    }),
  );
});

test('no JSON text is taken for a sealed one', (t) => {
  fc.assert(
    fc.property(fc.json(), (json) => {
      t.false(isSealed(json));
    }),
  );
});

test('what nobody has written is not parsed', (t) => {
  for (const text of [
    '',
    '~',
    '~aes',
    '~Aes:x',
    '~aes=:x',
    '~+aes:x',
    '~aes+:x',
    '~aes++deflate:x',
    '~ aes:x',
    '~#x',
    '{"a":1}',
  ])
    t.is(parseSealed(text), undefined, text);
});

test('a mark is a name, and what its codec has noted', (t) => {
  t.is(
    marksText([
      { name: 'deflate', note: undefined },
      { name: 'aes', note: 'k2' },
    ]),
    'deflate+aes=k2',
  );
});

test('a reference gives its digest back, and nothing else is one', (t) => {
  t.is(referredBy(referenceTo('a-b_c1')), 'a-b_c1');
  for (const text of ['~#', '~#a b', '~aes:x', '#a', '"~#a"']) t.is(referredBy(text), undefined, text);
});
