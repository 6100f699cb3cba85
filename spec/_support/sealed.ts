import { randomBytes } from 'node:crypto';
import { existsSync, readFileSync } from 'node:fs';
import { compress, encrypt } from '../../source/index.js';
import type { PayloadOptions } from '../../source/journal/payloads/payload-seal.js';

/** A key of this test run. */
export const key = randomBytes(32);

/** Everything at once: each payload is compressed if that helps, encrypted, and most are too big for their row. */
export const sealed = (): PayloadOptions => ({
  payloads: [compress({ aboveBytes: 0 }), encrypt({ keys: { k1: key }, use: 'k1' })],
  bigPayloadBytes: 120,
});

/** Everything that is in the files of a database, as text. */
export const bytesOf = (path: string): string =>
  ['', '-wal', '-shm']
    .map((suffix) => path + suffix)
    .filter((file) => existsSync(file))
    .map((file) => readFileSync(file, 'latin1'))
    .join('');
