/**
 * One of the codecs that payloads go through on their way into a database, and back on their way out. It must be synchronous: payloads are
 * sealed within a transaction. What it throws must not hold any of the payload.
 */
export interface PayloadCodec {
  /** Stands before what it has sealed, so that it can be opened: 1 to 20 of a-z, 0-9 and `-`. Never changes again. */
  readonly name: string;
  /** Answers with what is to be stored in place of these bytes; `undefined` leaves them as they are. */
  seal(bytes: Uint8Array, before: string): Sealed | undefined;
  /** Gives back what was sealed. `note` is what `seal` has noted. Errors: `PAYLOAD_KEY_MISSING`, `PAYLOAD_CORRUPT`. */
  open(bytes: Uint8Array, note: string | undefined, before: string): Uint8Array;
  /** Stands in for it where a digest is sealed: a text of a dozen characters, one in each row. Default: itself. */
  readonly digests?: PayloadCodec;
  /** The same for the same text, and of no use to whoever has no key. Big values are told by it. Default: none is told from another. */
  readonly fingerprint?: (text: string) => string;
}

export interface Sealed {
  readonly bytes: Uint8Array;
  /** Stands in the clear before the bytes, for `open`, as the id of a key does: 1 to 64 of letters, digits, `-` and `_`. */
  readonly note?: string;
}

/** A payload as it stands in its row. */
export interface StoredPayload {
  readonly text: string;
  /** What the text refers to, if it was too big for the row. */
  readonly big?: BigPayload;
}

/** A value in a table of its own. Two that are told by the same digest are the same. */
export interface BigPayload {
  readonly digest: string;
  readonly text: string;
}
