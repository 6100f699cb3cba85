import { ValueError } from '../errors.js';
import { decodeTagged, encodeTagged, isPlain } from './tagged-json.js';

/** Between a value and the JSON text that stands for it in the journal. `decode(encode(value))` equals `value`. */
export interface Codec<A> {
  encode(value: A): string;
  decode(text: string): A;
}

/**
 * Carries every plain value, and Date, Map, Set, BigInt, typed arrays, URL, RegExp, Error, undefined, NaN, infinities and -0. What
 * is plain JSON stays plain JSON, readable by SQLite's `json_extract`; the rest is tagged at its place (`{"$type":"Date",…}`).
 * Error: `INVALID_VALUE` with a path for functions, symbols, class instances and cycles, before anything is written.
 */
export const defaultCodec: Codec<unknown> = {
  encode: (value) => JSON.stringify(isPlain(value) ? value : encodeTagged(value)),
  decode: (text) => {
    const value: unknown = JSON.parse(text);
    return text.includes('"$type"') ? decodeTagged(value) : value;
  },
};

/** Default of `maxPayloadBytes`. */
export const defaultMaxPayloadBytes = 2 * 1024 * 1024;

/** No UTF-16 code unit needs more than three bytes in UTF-8. */
const bytesPerUnit = 3;

/** One limited codec for each: commands ask for them all the time. */
const limitedCodecs = new WeakMap<object, { readonly maxBytes: number; readonly codec: unknown }>();

/** The same codec, refusing texts of more bytes (UTF-8) with `PAYLOAD_TOO_LARGE`. */
export const limited = <A>(codec: Codec<A>, maxBytes: number): Codec<A> => {
  const known = limitedCodecs.get(codec);
  if (known?.maxBytes === maxBytes) return known.codec as Codec<A>;
  const made = limit(codec, maxBytes);
  limitedCodecs.set(codec, { maxBytes, codec: made });
  return made;
};

const limit = <A>(codec: Codec<A>, maxBytes: number): Codec<A> => ({
  encode: (value) => {
    const text = codec.encode(value);
    if (text.length * bytesPerUnit <= maxBytes) return text;
    const bytes = Buffer.byteLength(text);
    if (bytes <= maxBytes) return text;
    throw new ValueError(
      'PAYLOAD_TOO_LARGE',
      `a value takes ${bytes} bytes in the journal, more than the ${maxBytes} of maxPayloadBytes. Keep large data outside and ` +
        'pass a reference, or raise maxPayloadBytes',
    );
  },
  decode: (text) => codec.decode(text),
});

/** What replay will show of a value: its text, and the value that is read back from it. */
export const roundTrip = <A>(codec: Codec<A>, value: A): { readonly text: string; readonly value: A } => {
  const text = codec.encode(value);
  return { text, value: codec.decode(text) };
};
