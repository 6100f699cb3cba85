/**
 * What stands in place of a payload's JSON. No JSON begins with `~`, so that what was written before a database had codecs stays readable.
 *
 * ```
 * ~deflate+aes=k2:BASE64      through two codecs, in this order; the second one noted `k2`
 * ~:TEXT                      no codec, but the text itself begins with ~
 * ~#DIGEST                    in the table of big payloads
 * ```
 */
export interface SealedText {
  readonly marks: readonly Mark[];
  readonly body: string;
}

/** Which codec it was, and what it noted. */
export interface Mark {
  readonly name: string;
  readonly note: string | undefined;
}

const tilde = '~'.charCodeAt(0);
const head = /^~((?:[a-z\d-]{1,20}(?:=[\w-]{1,64})?(?:\+(?=[a-z\d-]))?)*):/;
const reference = /^~#([\w-]+)$/;

/** Whether it is anything else than the payload itself. Asked for every row. */
export const isSealed = (text: string): boolean => text.charCodeAt(0) === tilde;

/** `undefined` for what nobody has sealed. */
export const parseSealed = (text: string): SealedText | undefined => {
  const [whole, marks] = head.exec(text) ?? [];
  if (whole === undefined || marks === undefined) return undefined;
  const body = text.slice(whole.length);
  if (marks === '') return { marks: [], body };
  const parts = marks.split('+').map((mark) => {
    const [name = '', note] = mark.split('=');
    return { name, note };
  });
  return { marks: parts, body };
};

export const formatSealed = ({ marks, body }: SealedText): string => `~${marksText(marks)}:${body}`;

export const marksText = (marks: readonly Mark[]): string =>
  marks.map(({ name, note }) => (note === undefined ? name : `${name}=${note}`)).join('+');

export const referenceTo = (digest: string): string => `~#${digest}`;

/** The digest of the big payload that this text refers to. */
export const referredBy = (text: string): string | undefined => reference.exec(text)?.[1];

export const isCodecName = (name: string): boolean => /^[a-z\d-]{1,20}$/.test(name);
export const isNote = (note: string): boolean => /^[\w-]{1,64}$/.test(note);
