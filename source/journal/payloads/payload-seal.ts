import { hash } from 'node:crypto';
import { JournalError, ValueError } from '../../errors.js';
import { compress } from './compress.js';
import type { PayloadCodec, StoredPayload } from './payload-codec.js';
import {
  formatSealed,
  isCodecName,
  isNote,
  isSealed,
  marksText,
  parseSealed,
  referenceTo,
  referredBy,
  type Mark,
} from './sealed-text.js';

export interface PayloadOptions {
  /**
   * What payloads go through on their way into the database, first to last: `[compress(), encrypt({ keys, use })]`. All processes of a
   * database must be able to read what the others write. What was written before stays readable. Default: none.
   */
  readonly payloads?: readonly PayloadCodec[];
  /** Stored payloads of more bytes go to a table of their own, the same one once; the row has a reference. Default: 65,536. */
  readonly bigPayloadBytes?: number;
}

const defaultBigPayloadBytes = 65_536;

/** No UTF-16 code unit needs more than three bytes in UTF-8. */
const bytesPerUnit = 3;

/** Between the payloads that the engine knows and the texts that stand in the database. */
export class PayloadSeal {
  readonly #codecs: readonly PayloadCodec[];
  readonly #ofDigests: readonly PayloadCodec[];
  readonly #mustSealDigests: readonly string[];
  readonly #byName: ReadonlyMap<string, PayloadCodec>;
  readonly #bigPayloadBytes: number;

  constructor({ payloads = [], bigPayloadBytes = defaultBigPayloadBytes }: PayloadOptions = {}) {
    if (!(bigPayloadBytes >= 0))
      throw new JournalError('INVALID_ARGUMENT', `bigPayloadBytes is a number from 0 on, not ${bigPayloadBytes}`);
    this.#bigPayloadBytes = bigPayloadBytes;
    this.#codecs = payloads;
    this.#mustSealDigests = payloads.flatMap(({ digests }) => (digests ? [digests.name] : []));
    this.#ofDigests = payloads.map((codec) => codec.digests ?? codec);
    const named = new Map<string, PayloadCodec>();
    for (const codec of payloads.flatMap((codec) => (codec.digests ? [codec, codec.digests] : [codec]))) {
      if (!isCodecName(codec.name) || named.has(codec.name)) {
        const found = JSON.stringify(codec.name);
        throw new JournalError(
          'INVALID_ARGUMENT',
          `the codecs of \`payloads\` have different names of 1 to 20 of a-z, 0-9 and -, not ${found}` +
            (named.has(codec.name) ? ' twice: give several keys to one encrypt' : ''),
        );
      }
      named.set(codec.name, codec);
    }
    // To read what is compressed takes no key.
    const deflate = compress();
    this.#byName = new Map([[deflate.name, deflate], ...named]);
  }

  /** As it stands in its row, and what goes to the table of big payloads beside it. */
  store(text: string): StoredPayload {
    const sealed = this.seal(text);
    if (sealed.length * bytesPerUnit <= this.#bigPayloadBytes) return { text: sealed };
    if (Buffer.byteLength(sealed) <= this.#bigPayloadBytes) return { text: sealed };
    const digest = this.#fingerprint(text, sealed);
    return { text: referenceTo(digest), big: { digest, text: sealed } };
  }

  /** As it stands in its row, however big it is. */
  seal(text: string): string {
    return this.#through(this.#codecs, text);
  }

  sealDigest(digest: string): string {
    const short = this.#through(this.#ofDigests, digest);
    // A codec that has something of its own for digests may leave one as it is, because it is too long: what others did does not replace it.
    const marks = parseSealed(short)?.marks ?? [];
    const isWhole = this.#mustSealDigests.every((name) => marks.some((mark) => mark.name === name));
    return isWhole ? short : this.seal(digest);
  }

  /** Gives back what was sealed, and what was not. Errors: `PAYLOAD_KEY_MISSING`, `PAYLOAD_CORRUPT`. */
  open(text: string): string {
    if (!isSealed(text)) return text;
    const parsed = parseSealed(text);
    if (!parsed) throw unreadable(text);
    const { marks, body } = parsed;
    if (marks.length === 0) return body;
    let bytes: Uint8Array = Buffer.from(body, 'base64');
    for (let place = marks.length - 1; place >= 0; place -= 1) {
      const mark = marks[place];
      if (mark) bytes = this.#codecOf(mark).open(bytes, mark.note, marksText(marks.slice(0, place)));
    }
    return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString();
  }

  #through(codecs: readonly PayloadCodec[], text: string): string {
    if (codecs.length === 0) return isSealed(text) ? formatSealed({ marks: [], body: text }) : text;
    // Half a surrogate pair would become another character.
    if (!text.isWellFormed()) {
      throw new ValueError(
        'INVALID_VALUE',
        'a payload has half a surrogate pair, which the database would not give back: have its codec write JSON',
      );
    }
    const marks: Mark[] = [];
    let bytes: Uint8Array = Buffer.from(text);
    for (const codec of codecs) {
      const sealed = codec.seal(bytes, marksText(marks));
      if (!sealed) continue;
      if (sealed.note !== undefined && !isNote(sealed.note))
        throw new JournalError('INVALID_ARGUMENT', `the codec ${codec.name} notes 1 to 64 letters, digits, - and _`);
      marks.push({ name: codec.name, note: sealed.note });
      bytes = sealed.bytes;
    }
    if (marks.length === 0) return isSealed(text) ? formatSealed({ marks, body: text }) : text;
    const body = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString('base64');
    return formatSealed({ marks, body });
  }

  #fingerprint(text: string, sealed: string): string {
    const keyed = this.#codecs.findLast((codec) => codec.fingerprint);
    // Of the sealed text: the hash of a text that can be guessed gives it away.
    return keyed?.fingerprint?.(text) ?? hash('sha256', sealed, 'base64url');
  }

  #codecOf({ name, note }: Mark): PayloadCodec {
    const codec = this.#byName.get(name);
    if (codec) return codec;
    const what = note === undefined ? `by the codec "${name}"` : `with the key "${note}" (codec ${name})`;
    throw new JournalError(
      'PAYLOAD_KEY_MISSING',
      `a payload is sealed ${what}, which was not given: open the database with the \`payloads\` that wrote it`,
    );
  }
}

const unreadable = (text: string): JournalError =>
  new JournalError(
    'PAYLOAD_CORRUPT',
    referredBy(text) === undefined
      ? 'what stands in place of a payload is nothing that was ever written. Restore the database from a backup'
      : 'a big payload is not in its table any more. Restore the database from a backup',
  );
