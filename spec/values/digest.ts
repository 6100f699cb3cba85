import test from 'ava';
import { createHash } from 'node:crypto';
import fc from 'fast-check';
import { digest } from '../../source/values/digest.js';

test('a digest is the beginning of a SHA-256, so that other programs can compute it', (t) => {
  fc.assert(
    fc.property(fc.string({ unit: 'grapheme' }), (text) => {
      t.is(digest(text), createHash('sha256').update(text).digest('base64url').slice(0, 12));
    }),
  );
});

test('a digest of a release stays the digest of the next: journals are compared with it', (t) => {
  t.is(digest(''), '47DEQpj8HBSa');
  t.is(digest('{"total":12.5}'), createHash('sha256').update('{"total":12.5}').digest('base64url').slice(0, 12));
});

test('nearby texts have different digests', (t) => {
  const digests = new Set(Array.from({ length: 10_000 }, (_, n) => digest(String(n))));

  t.is(digests.size, 10_000);
});
