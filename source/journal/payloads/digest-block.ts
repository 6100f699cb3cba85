import { createCipheriv, createDecipheriv, type KeyObject } from 'node:crypto';
import type { JournalError } from '../../errors.js';
import type { PayloadCodec } from './payload-codec.js';

const blockBytes = 16;

/** Zeros at the end of each block: who changes it, or has another key, gets them once in four billion times. */
const paddingBytes = 4;

/**
 * Encrypts the digest of an input as one block of AES-256. Digests of what can be guessed would give it away; sealed as payloads are, each
 * would take a hundred characters of its row. The same digest always comes to the same block: whoever reads the file sees that two inputs
 * are the same, and no more.
 */
export const digestBlock = (
  use: string,
  keyOf: (id: string | undefined) => KeyObject,
  corrupt: (id: string | undefined) => JournalError,
): PayloadCodec => {
  const ciphers = new Map<string, ReturnType<typeof blocks>>();
  const blocksOf = (id = ''): ReturnType<typeof blocks> => {
    const known = ciphers.get(id) ?? blocks(keyOf(id));
    ciphers.set(id, known);
    return known;
  };
  return {
    name: 'aes-block',
    seal: (bytes) => {
      // Digests of ours are shorter, and texts. What another codec has made of them need not be: it is sealed as a payload.
      if (bytes.length > blockBytes - paddingBytes || bytes.includes(0)) return undefined;
      const block = new Uint8Array(blockBytes);
      block.set(bytes);
      return { bytes: blocksOf(use).encrypt(block), note: use };
    },
    open: (bytes, id) => {
      const { decrypt } = blocksOf(id);
      if (bytes.length !== blockBytes) throw corrupt(id);
      const block = decrypt(bytes);
      if (block.subarray(blockBytes - paddingBytes).some((byte) => byte !== 0)) throw corrupt(id);
      const end = block.indexOf(0);
      return block.subarray(0, end);
    },
  };
};

/** One cipher for all blocks: each is by itself, and to make a cipher takes longer than to use it. */
const blocks = (key: KeyObject) => {
  const cipher = createCipheriv('aes-256-ecb', key, null).setAutoPadding(false);
  const decipher = createDecipheriv('aes-256-ecb', key, null).setAutoPadding(false);
  return {
    encrypt: (block: Uint8Array): Uint8Array => cipher.update(block),
    decrypt: (block: Uint8Array): Uint8Array => decipher.update(block),
  };
};
