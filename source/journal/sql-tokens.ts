/** One piece of SQL. Spaces and comments are none. */
export interface SqlToken {
  /**
   * `word`: a keyword or a bare name. `quoted`: "a name", [a name] or `a name`. `text`: 'a text', which SQLite takes for a name where
   * it waits for one. `parameter`: ? and ?1, :a, @a, $a. `unclosed`: a quote without its end.
   */
  readonly kind: 'word' | 'quoted' | 'text' | 'parameter' | 'semicolon' | 'unclosed' | 'other';
  /** As it was written, but without the quotes around it. */
  readonly text: string;
}

/**
 * Cuts SQL into pieces where SQLite does, https://sqlite.org/src/file/src/tokenize.c, so that nothing can hide in a text or a comment.
 * It judges nothing: what SQLite refuses may come out as anything.
 */
export const sqlTokens = (sql: string): readonly SqlToken[] => {
  const tokens: SqlToken[] = [];
  for (let at = endOf(gap, sql, 0) ?? 0; at < sql.length;) {
    const { token, end } = tokenAt(sql, at);
    tokens.push(token);
    at = endOf(gap, sql, end) ?? end;
  }
  return tokens;
};

/** A byte order mark is a space to SQLite, but a letter within a name. Comments that are open end with the SQL. */
const gap = /(?:[ \t\n\f\r\uFEFF]|--[^\n]*|\/\*[^]*?(?:\*\/|$))*/y;
const word = /[A-Za-z_\u0080-\uFFFF][\w$\u0080-\uFFFF]*/y;
const number = /\d[\w$\u0080-\uFFFF]*(?:\.[\w$\u0080-\uFFFF]*)?|\.\d[\w$\u0080-\uFFFF]*/y;
const parameter = /\?\d*|[:@$#][\w$:\u0080-\uFFFF]*/y;

/** What ends a quote, by what begins it. */
const closing: Readonly<Partial<Record<string, string>>> = { "'": "'", '"': '"', '`': '`', '[': ']' };

const tokenAt = (sql: string, at: number): { readonly token: SqlToken; readonly end: number } => {
  const cut = (kind: SqlToken['kind'], end: number) => ({ token: { kind, text: sql.slice(at, end) }, end });
  const first = sql.charAt(at);
  const close = closing[first];
  if (close !== undefined) {
    const end = quoteEnd(sql, at, close);
    if (end === undefined) return cut('unclosed', sql.length);
    return { token: { kind: first === "'" ? 'text' : 'quoted', text: sql.slice(at + 1, end - 1) }, end };
  }
  if (first === ';') return cut('semicolon', at + 1);
  const wordEnd = endOf(word, sql, at);
  if (wordEnd !== undefined) return cut('word', wordEnd);
  const parameterEnd = endOf(parameter, sql, at);
  if (parameterEnd !== undefined) return cut('parameter', parameterEnd);
  return cut('other', endOf(number, sql, at) ?? at + 1);
};

/** A quote that is written twice is one within; a bracket has no such way. Searched by hand: a text may have megabytes. */
const quoteEnd = (sql: string, from: number, close: string): number | undefined => {
  let at = sql.indexOf(close, from + 1);
  while (at >= 0 && close !== ']' && sql[at + 1] === close) at = sql.indexOf(close, at + 2);
  return at < 0 ? undefined : at + 1;
};

const endOf = (pattern: RegExp, sql: string, at: number): number | undefined => {
  pattern.lastIndex = at;
  return pattern.test(sql) ? pattern.lastIndex : undefined;
};
