import test from 'ava';
import fc from 'fast-check';
import { sqlTokens } from '../../source/journal/sql-tokens.js';

const cut = (sql: string): readonly (readonly [string, string])[] =>
  sqlTokens(sql).map(({ kind, text }) => [kind, text]);

/** Anything, and often what would matter outside of a quote. */
const anything = fc
  .array(
    fc.oneof(
      fc.string({ unit: 'binary' }),
      fc.constantFrom(
        ';',
        '?',
        '?1',
        ':a',
        "'",
        '"',
        '`',
        ']',
        '[',
        '--',
        '/*',
        '*/',
        '\n',
        'ROLLBACK',
        'tempolite_runs',
      ),
    ),
  )
  .map((parts) => parts.join(' '));

const doubled = (quote: string, text: string): string => quote + text.replaceAll(quote, quote + quote) + quote;

const hidden = fc.oneof(
  anything.map((text) => doubled("'", text)),
  anything.map((text) => doubled('"', text)),
  anything.map((text) => doubled('`', text)),
  anything.map((text) => `[${text.replaceAll(']', '')}]`),
);

const comment = fc.oneof(
  anything.map((text) => `--${text.replaceAll('\n', '')}\n`),
  // One that ends at once, `/*/`, does not end.
  anything.map((text) => `/* ${text.replaceAll('*/', '')} */`.replace('* */', ' */')),
);

test('what stands in a quote is one token, whatever it is', (t) => {
  fc.assert(
    fc.property(hidden, hidden, (first, second) => {
      const tokens = sqlTokens(`SELECT ${first}, ${second};`);

      t.is(tokens.length, 5);
      t.deepEqual(tokens[1]?.text, first.slice(1, -1));
      t.deepEqual(tokens[3]?.text, second.slice(1, -1));
      t.true([tokens[1], tokens[3]].every((token) => token?.kind === 'text' || token?.kind === 'quoted'));
    }),
  );
});

test('what stands in a comment is nothing, whatever it is', (t) => {
  fc.assert(
    fc.property(fc.array(comment), comment, (some, last) => {
      t.deepEqual(cut(`${some.join('')}SELECT${some.join('')} ?${last};${last}`), [
        ['word', 'SELECT'],
        ['parameter', '?'],
        ['semicolon', ';'],
      ]);
    }),
  );
});

test('tokens are found in anything, and end', (t) => {
  fc.assert(
    fc.property(anything, (sql) => {
      t.true(sqlTokens(sql).every(({ text }) => sql.includes(text)));
    }),
  );
});

const cuts: readonly (readonly [string, ...(readonly [string, string])[]])[] = [
  [''],
  [' \t\r\n\f'],
  ['-- to the end'],
  ['/* to the end'],
  ['/*/ 1 */ 2', ['other', '2']],
  ['a--b\rc\nd', ['word', 'a'], ['word', 'd']],
  ["'it''s'", ['text', "it''s"]],
  ["''", ['text', '']],
  ["x'00'", ['word', 'x'], ['text', '00']],
  ['"a"";"', ['quoted', 'a"";']],
  ['[a""]', ['quoted', 'a""']],
  ['[a]]', ['quoted', 'a'], ['other', ']']],
  ["'open", ['unclosed', "'open"]],
  ['[open', ['unclosed', '[open']],
  ['a$b_1é', ['word', 'a$b_1é']],
  ['\uFEFFa', ['word', 'a']],
  ['a\uFEFFb', ['word', 'a\uFEFFb']],
  ['\u00A0a', ['word', '\u00A0a']],
  ['main.a', ['word', 'main'], ['other', '.'], ['word', 'a']],
  ['1.5.a', ['other', '1.5'], ['other', '.'], ['word', 'a']],
  ['1e5', ['other', '1e5']],
  ['.5', ['other', '.5']],
  ['1_000', ['other', '1_000']],
  ['0xFFtempolite_', ['other', '0xFFtempolite_']],
  ['?', ['parameter', '?']],
  ['??', ['parameter', '?'], ['parameter', '?']],
  ['?12', ['parameter', '?12']],
  [':a @b $c #d', ['parameter', ':a'], ['parameter', '@b'], ['parameter', '$c'], ['parameter', '#d']],
  ['$a::b', ['parameter', '$a::b']],
  ["a->>'$.b'", ['word', 'a'], ['other', '-'], ['other', '>'], ['other', '>'], ['text', '$.b']],
];

for (const [index, [sql, ...tokens]] of cuts.entries()) {
  test(`${JSON.stringify(sql)} is cut as SQLite does (${index + 1})`, (t) => {
    t.deepEqual(cut(sql), tokens);
  });
}

test('a text of megabytes is one token', (t) => {
  const text = "it''s ".repeat(1e6);

  t.deepEqual(cut(`'${text}'`), [['text', text]]);
});
