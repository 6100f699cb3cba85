/** Characters of an id, a name or a key. */
const longestText = 200;

// The database would cut a text at NUL and replace half of a surrogate pair: two ids could become one.
const unstorable = /[\p{Surrogate}\p{Cc}]/u;

/** Whether a text can be an id or a name: 1 to 200 characters that come back from the database as they are, on one line. */
export const isPlainText = (text: unknown): text is string =>
  typeof text === 'string' && text.length > 0 && text.length <= longestText && !unstorable.test(text);

/** What `isPlainText` asks for, for error messages. */
export const plainText = `a text of 1 to ${longestText} characters without control characters and lone surrogates`;
