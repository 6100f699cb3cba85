import test from 'ava';
import { runInNewContext } from 'node:vm';
import fc from 'fast-check';
import { EngineError } from '../../source/errors.js';
import { checkStatement, type SqlValue, type Statement } from '../../source/journal/statement.js';

const allowed: readonly (readonly [string, ...SqlValue[]])[] = [
  ['SELECT 1'],
  ['  select 1 ; ; -- the end\n ;'],
  ['/* a comment */ VALUES (1)'],
  ['WITH a AS (SELECT 1) SELECT * FROM a'],
  ['INSERT INTO orders VALUES (?, ?)', 1, 'two'],
  ['REPLACE INTO orders VALUES (?)', null],
  ['UPDATE orders SET paid = ? WHERE id = ? RETURNING *', true, 7n],
  ['DELETE FROM orders WHERE hash = ?', new Uint8Array(3)],
  ['SELECT ?', Buffer.from('pooled')],
  ['SELECT ?', 1.5],
  ['SELECT ?', -(2n ** 63n)],
  ['CREATE TABLE orders (id INTEGER PRIMARY KEY) STRICT'],
  ['CREATE INDEX orders_by_day ON orders (day)'],
  ['DROP TABLE orders'],
  ['ALTER TABLE orders ADD COLUMN day TEXT'],
  ['CREATE TRIGGER t AFTER INSERT ON o BEGIN SELECT CASE WHEN 1 THEN 2 END; DELETE FROM p; END'],
  ["CREATE TEMP TRIGGER t AFTER INSERT ON o BEGIN SELECT RAISE(ABORT, 'no; END;'); -- ;\nEND ;"],
  ["SELECT 'ROLLBACK; COMMIT ?1 :a a tempolite_runs' -- ; ROLLBACK ? tempolite_runs"],
  ['SELECT "rollback", [rollback], `;` FROM my_tempolite_runs /* ; PRAGMA ? */'],
  ["SELECT day ->> '$.month', 'it''s', x'00ff' FROM orders"],
  ['SELECT * FROM sqlite_schema'],
  ['SELECT a$b FROM orders'],
];

for (const [index, [sql, ...args]] of allowed.entries()) {
  test(`${sql} is a statement (${index + 1})`, (t) => {
    t.notThrows(() => {
      checkStatement({ sql, args });
    });
  });
}

test('a statement without parameters needs no args', (t) => {
  t.notThrows(() => {
    checkStatement({ sql: 'SELECT 1' });
  });
});

const refused: readonly (readonly [string, RegExp])[] = [
  ['', /empty/],
  [' -- nothing', /empty/],
  [';;', /empty/],
  ['; SELECT 1', /begins with SELECT/],
  ['SELECT 1; SELECT 2', /has several: make a statement of each/],
  ['INSERT INTO a VALUES (1);;DELETE FROM a', /has several/],
  ['CREATE TRIGGER t AFTER INSERT ON o BEGIN DELETE FROM p; END; DROP TABLE o', /has several/],
  ['CREATE TABLE trigger_like (a); DROP TABLE o', /has several/],
  ...['BEGIN', 'COMMIT', 'END', 'ROLLBACK', 'SAVEPOINT a', 'RELEASE a', 'begin immediate', '/**/ Commit'].map(
    (sql) => [sql, /begins with SELECT, .*the transaction is the journal's/] as const,
  ),
  ...[
    "ATTACH 'a' AS a",
    'DETACH a',
    'PRAGMA foreign_keys = off',
    'VACUUM',
    'REINDEX',
    'ANALYZE',
    'EXPLAIN PRAGMA foreign_keys = off',
    'SELEKT 1',
    '(SELECT 1)',
    '"SELECT" 1',
    "'SELECT' 1",
    '1',
  ].map((sql) => [sql, /begins with SELECT, .*a connection of your own/] as const),
  ['INSERT OR ROLLBACK INTO a VALUES (1)', /could roll back .*: use ABORT/],
  ['UPDATE OR/**/rollback a SET b = 1', /use ABORT/],
  ['CREATE TABLE a (b UNIQUE ON CONFLICT ROLLBACK)', /use ABORT/],
  ["CREATE TRIGGER t BEFORE INSERT ON a BEGIN SELECT RAISE(ROLLBACK, 'no'); END", /use ABORT/],
  ...[
    'DELETE FROM tempolite_runs',
    'DELETE FROM "tempolite_runs"',
    'DELETE FROM [tempolite_runs]',
    'DELETE FROM `Tempolite_runs`',
    'DELETE FROM main.TEMPOLITE_RUNS',
    'DELETE FROM main./**/tempolite_runs',
    'SELECT * FROM \uFEFFtempolite_runs',
    'CREATE TABLE tempolite_mine (a)',
    'CREATE TRIGGER t AFTER INSERT ON o BEGIN DELETE FROM tempolite_runs; END',
    'ALTER TABLE mine RENAME TO tempolite_mine',
    'UPDATE sqlite_sequence SET seq = 0',
    'DELETE FROM "sqlite_stat1"',
    'UPDATE sqlite_dbpage SET data = NULL',
  ].map((sql) => [sql, /is of your own tables, .*: that is the journal's, use another name/] as const),
  // SQLite takes these for names.
  ["DELETE FROM 'tempolite_runs'", /may stand for a name: bind a text with a \?/],
  ["CREATE VIRTUAL TABLE f USING fts5(a, content='tempolite_runs')", /may stand for a name/],
  ...['SELECT ?1', 'SELECT :a', 'SELECT @a', 'SELECT $a', 'SELECT #a', 'SELECT $a::b(c)'].map(
    (sql) => [sql, /parameters are \? by position, not [?:@$#]\S+: write \? for each/] as const,
  ),
  ["SELECT 'open", /quote that does not end/],
  ['SELECT "open', /quote that does not end/],
  ['SELECT 1\0; DELETE FROM tempolite_runs', /has a NUL/],
  ["SELECT '\ud800'", /half a surrogate pair/],
  ['SELECT ?', /takes 1 args, one for each \?, not 0/],
];

for (const [sql, message] of refused) {
  test(`${JSON.stringify(sql)} is refused`, (t) => {
    const error = t.throws(
      () => {
        checkStatement({ sql });
      },
      { instanceOf: EngineError, message },
    );

    t.is(error.code, 'INVALID_ARGUMENT');
  });
}

test('there are as many args as parameters', (t) => {
  const takes = (sql: string, ...args: SqlValue[]): void => {
    t.throws(
      () => {
        checkStatement({ sql, args });
      },
      { message: /takes \d args/ },
    );
  };

  takes('SELECT ?, ?', 1);
  takes('SELECT ?, ?', 1, 2, 3);
  takes('SELECT \'?\', "?" -- ?', 1);
});

const badArgs: readonly (readonly [string, unknown])[] = [
  ['undefined', undefined],
  ['NaN or an infinite number', NaN],
  ['NaN or an infinite number', Infinity],
  ['a bigint of more than 64 bits', 2n ** 63n],
  ['a bigint of more than 64 bits', -(2n ** 63n) - 1n],
  ['a text with a NUL or half a surrogate pair', 'secret\0'],
  ['a text with a NUL or half a surrogate pair', 'secret\udc00'],
  ['a value of type Date', new Date(0)],
  ['a value of type Object', { secret: 1 }],
  ['a value of type Array', ['secret']],
  ['a value of type ArrayBuffer', new ArrayBuffer(1)],
  ['a value of type DataView', new DataView(new ArrayBuffer(1))],
  ['a value of type Float32Array', new Float32Array(1)],
  ['a value of type Uint8ClampedArray', new Uint8ClampedArray(1)],
  ['a value of type Object', Object.create(Uint8Array.prototype, { [Symbol.toStringTag]: { value: 'Object' } })],
  ['a value of type Object', new Proxy(new Uint8Array(1), { get: () => undefined })],
  ['function', () => 'secret'],
  ['symbol', Symbol('secret')],
];

for (const [index, [found, arg]] of badArgs.entries()) {
  test(`${found} cannot be an arg (${index + 1}), and its value is not told`, (t) => {
    const error = t.throws(
      () => {
        checkStatement({ sql: 'SELECT ?, ?', args: [1, arg as SqlValue] });
      },
      { instanceOf: EngineError },
    );

    t.true(error.message.startsWith(`arg 2 of "SELECT ?, ?" is null, a text, `), error.message);
    t.true(error.message.includes(`, not ${found}: `), error.message);
    t.false(error.message.includes('secret'));
  });
}

test('a hole in args is no value', (t) => {
  const args: SqlValue[] = [];
  args.length = 1;

  t.throws(
    () => {
      checkStatement({ sql: 'SELECT ?', args });
    },
    { message: /not undefined/ },
  );
});

test('bytes of another realm are bytes', (t) => {
  t.notThrows(() => {
    checkStatement({ sql: 'SELECT ?', args: [runInNewContext('new Uint8Array(2)') as Uint8Array] });
  });
});

for (const [what, statement] of [
  ['a text', 'SELECT 1'],
  ['null', null],
  ['an object without sql', {}],
  ['an object whose sql is no text', { sql: ['SELECT 1'] }],
  ['an object whose args are no array', { sql: 'SELECT ?', args: { 0: 1, length: 1 } }],
] as const) {
  test(`${what} is no statement`, (t) => {
    t.throws(
      () => {
        checkStatement(statement as unknown as Statement);
      },
      { instanceOf: EngineError, code: 'INVALID_ARGUMENT' },
    );
  });
}

test('a text that begins otherwise may say anything', (t) => {
  fc.assert(
    fc.property(fc.string({ unit: 'grapheme' }), (text) => {
      checkStatement({ sql: `SELECT '- ${text.replaceAll("'", "''").replaceAll('\0', '')}' WHERE a = ?`, args: [1] });
      t.pass();
    }),
  );
});
