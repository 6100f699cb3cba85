import {
  createCipheriv,
  createDecipheriv,
  createHmac,
  createSecretKey,
  hkdfSync,
  KeyObject,
  randomBytes,
} from 'node:crypto';
import { isUint8Array } from 'node:util/types';
import { JournalError } from '../../errors.js';
import { digestBlock } from './digest-block.js';
import type { PayloadCodec } from './payload-codec.js';
import { isNote } from './sealed-text.js';

export interface EncryptOptions {
  /** All keys by which payloads can be read, 32 random bytes each, by an id that stands in the clear: letters, digits, `-` and `_`. */
  readonly keys: Readonly<Record<string, Uint8Array | KeyObject>>;
  /** The id of the key that writes. */
  readonly use: string;
}

const keyBytes = 32;
const saltBytes = 16;
const nonceBytes = 12;
const tagBytes = 16;

/**
 * Nonces of 96 random bits may be used for 2^32 messages under one key; a busy database has that in days. So that keys last, each opening
 * of a database writes under a key of its own, which is derived (HKDF) from yours and a salt, and after so many messages takes another.
 */
const messagesPerSalt = 2 ** 30;

/** Derived keys that are kept for reading, the latest used. */
const mostDerived = 1000;

/**
 * Encrypts payloads and the digests of inputs with AES-256-GCM. Ids, names, keys of steps, tags, statuses and times stay readable.
 *
 * ```ts
 * payloads: [compress(), encrypt({ keys: { k2: newKey, k1: oldKey }, use: 'k2' })]
 * ```
 *
 * To take another key, first give it to all processes as one that reads, then let it write. An old one can be left out when nothing is
 * sealed with it any more, which is looked for at the opening. Errors: `INVALID_ARGUMENT` here; `PAYLOAD_KEY_MISSING`, `PAYLOAD_CORRUPT`
 * where something is read.
 */
export const encrypt = ({ keys, use }: EncryptOptions): PayloadCodec => {
  const ring = new Map(Object.entries(keys).map(([id, key]) => [id, secret(id, key)]));
  const writing = ring.get(use);
  if (!writing)
    throw invalid(`\`use\` names one of the keys (${[...ring.keys()].join(', ')}), not ${JSON.stringify(use)}`);
  const derived = new Derived();
  const fingerprintKey = derive(writing, 'fingerprint');
  let salt = randomBytes(saltBytes);
  let messages = 0;
  const keyOf = (id = ''): KeyObject => {
    const key = ring.get(id);
    if (key) return key;
    throw new JournalError(
      'PAYLOAD_KEY_MISSING',
      `a payload is sealed with the key "${id}", which is not among the keys of encrypt (${[...ring.keys()].join(', ')}): add it`,
    );
  };
  return {
    name: 'aes',
    seal: (bytes, before) => {
      messages += 1;
      if (messages % messagesPerSalt === 0) salt = randomBytes(saltBytes);
      const nonce = randomBytes(nonceBytes);
      const cipher = createCipheriv('aes-256-gcm', derived.key(writing, use, salt), nonce, { authTagLength: tagBytes });
      cipher.setAAD(Buffer.from(aad(before, use)));
      const sealed = [salt, nonce, cipher.update(bytes), cipher.final(), cipher.getAuthTag()];
      return { bytes: Buffer.concat(sealed), note: use };
    },
    open: (bytes, id, before) => {
      const key = keyOf(id);
      if (bytes.length < saltBytes + nonceBytes + tagBytes) throw corrupt(id);
      const end = bytes.length - tagBytes;
      const derivedKey = derived.key(key, id ?? '', bytes.subarray(0, saltBytes));
      const nonce = bytes.subarray(saltBytes, saltBytes + nonceBytes);
      const decipher = createDecipheriv('aes-256-gcm', derivedKey, nonce, { authTagLength: tagBytes });
      decipher.setAAD(Buffer.from(aad(before, id))).setAuthTag(bytes.subarray(end));
      try {
        return Buffer.concat([decipher.update(bytes.subarray(saltBytes + nonceBytes, end)), decipher.final()]);
      } catch {
        throw corrupt(id);
      }
    },
    fingerprint: (text) => createHmac('sha256', fingerprintKey).update(text).digest('base64url'),
    digests: digestBlock(use, (id) => derive(keyOf(id), 'digest'), corrupt),
  };
};

/** What stands in the clear before the bytes is a part of what is authentic: nobody can say that they went through other codecs. */
const aad = (before: string, id: string | undefined): string => `${before}+aes=${id ?? ''}`;

const derive = (key: KeyObject, purpose: string, salt: Uint8Array = Buffer.alloc(0)): KeyObject =>
  createSecretKey(Buffer.from(hkdfSync('sha256', key, salt, `tempolite ${purpose}`, keyBytes)));

/** Keys by the id of their key and their salt. A replay reads many payloads of few openings. */
class Derived {
  readonly #keys = new Map<string, KeyObject>();
  #last: { readonly of: KeyObject; readonly salt: Buffer; readonly made: KeyObject } | undefined;

  key(key: KeyObject, id: string, salt: Uint8Array): KeyObject {
    // One payload after the other is of the same opening.
    if (this.#last?.of === key && this.#last.salt.equals(salt)) return this.#last.made;
    const made = this.#find(key, id, salt);
    this.#last = { of: key, salt: Buffer.from(salt), made };
    return made;
  }

  #find(key: KeyObject, id: string, salt: Uint8Array): KeyObject {
    const name = `${id} ${Buffer.from(salt).toString('base64')}`;
    const known = this.#keys.get(name);
    if (known) return known;
    const made = derive(key, 'payload', salt);
    this.#keys.set(name, made);
    const [oldest] = this.#keys.keys();
    if (this.#keys.size > mostDerived && oldest !== undefined) this.#keys.delete(oldest);
    return made;
  }
}

const secret = (id: string, key: unknown): KeyObject => {
  if (!isNote(id)) throw invalid(`the id of a key is 1 to 64 letters, digits, - and _, not ${JSON.stringify(id)}`);
  const size = key instanceof KeyObject ? key.symmetricKeySize : isUint8Array(key) ? key.length : undefined;
  if (size !== keyBytes) {
    throw invalid(
      `key "${id}" is ${keyBytes} random bytes, as crypto.randomBytes(${keyBytes}) gives, or such a KeyObject`,
    );
  }
  return key instanceof KeyObject ? key : createSecretKey(Buffer.from(key as Uint8Array));
};

const corrupt = (id: string | undefined): JournalError =>
  new JournalError(
    'PAYLOAD_CORRUPT',
    `a payload that was sealed with the key "${id ?? ''}" was changed, or this is another key. Restore the database from a backup, ` +
      'or give the key that wrote it',
  );

const invalid = (what: string): JournalError => new JournalError('INVALID_ARGUMENT', `encrypt: ${what}`);
