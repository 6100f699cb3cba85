import test from 'ava';
import { isBusy } from '../../../source/journal/libsql/failures.js';
import { runStatements } from '../../../source/journal/libsql/user-statements.js';
import type { SqlValue, StatementResult } from '../../../source/journal/statement.js';
import { opened } from '../../_support/connections.js';
import { databaseOf } from '../../_support/files.js';
import { countOf, failure, of, rowsOf, run, withTables } from '../../_support/user-sql.js';

test('statements run in order, in the transaction of the caller', (t) => {
  const connection = withTables(t);

  const results = connection.transaction(() => {
    connection.run('INSERT INTO journal VALUES (?)', [1n]);
    return runStatements(connection, [
      of('CREATE TABLE orders (id INTEGER PRIMARY KEY, day TEXT) STRICT'),
      of('INSERT INTO orders (day) VALUES (?), (?)', 'mon', 'tue'),
      of('UPDATE orders SET day = ? WHERE id = ?', 'wed', 2),
      of('SELECT * FROM orders ORDER BY id'),
    ]);
  });

  t.deepEqual(results, [
    { rows: [], changes: 0 },
    { rows: [], changes: 2 },
    { rows: [], changes: 1 },
    {
      rows: [
        { id: 1, day: 'mon' },
        { id: 2, day: 'wed' },
      ],
      changes: 0,
    },
  ]);
  t.is(countOf(connection, 'journal'), 1);
});

test('no statements are no transaction', (t) => {
  t.deepEqual(runStatements(withTables(t), []), []);
});

test('statements without a transaction are refused', (t) => {
  const connection = withTables(t);

  t.throws(() => runStatements(connection, [of('INSERT INTO mine VALUES (1, 1)')]), { instanceOf: TypeError });
  t.throws(() => connection.user('INSERT INTO mine VALUES (1, 1)', []), { instanceOf: TypeError });

  t.false(connection.inTransaction);
  t.is(countOf(connection, 'mine'), 0);
});

for (const [what, sql] of [
  ['a constraint', 'INSERT INTO mine VALUES (1, 1)'],
  ['a constraint, after half of the rows', 'INSERT OR FAIL INTO mine VALUES (7, 7), (1, 1)'],
  ['a type', "INSERT INTO mine VALUES ('x', 1)"],
  ['a table that is not there', 'INSERT INTO nowhere VALUES (1)'],
  ['a typing mistake', 'INSERT INTO mine VALUE (1)'],
  ['an overflow halfway', 'SELECT abs(n - 9223372036854775807 - 1) FROM (SELECT 5 AS n UNION ALL SELECT 0)'],
  ['a value that is too big', 'INSERT INTO mine VALUES (9, zeroblob(2000000000))'],
  ['a foreign key', 'INSERT INTO child VALUES (5)'],
  ['a trigger', 'INSERT INTO guarded VALUES (1)'],
  ['two columns of one name', 'INSERT INTO mine VALUES (8, 8) RETURNING n, x AS n'],
] as const) {
  test(`what fails by ${what} fails alone: rows before and after it in the transaction stay`, (t) => {
    const connection = withTables(
      t,
      `CREATE TABLE parent (n INTEGER PRIMARY KEY) STRICT; CREATE TABLE child (n INTEGER REFERENCES parent) STRICT;
       CREATE TABLE guarded (n INTEGER) STRICT;
       CREATE TRIGGER guard AFTER INSERT ON guarded BEGIN SELECT RAISE(ABORT, 'no entry'); END;`,
    );
    run(connection, of('INSERT INTO mine VALUES (1, 1)'));

    connection.transaction(() => {
      connection.run('INSERT INTO journal VALUES (?)', [1n]);
      const statements = [of('INSERT INTO mine VALUES (2, 2)'), of(sql), of('INSERT INTO mine VALUES (3, 3)')];
      const error = failure(t, () => runStatements(connection, statements));
      connection.run('INSERT INTO journal VALUES (?)', [2n]);

      t.is(error.code, 'TRANSACTION_FAILED');
      t.regex(error.message, /^statement 2 of 3, ".*", was refused: .+correct the SQL or its args$/);
    });

    t.deepEqual(connection.all('SELECT n FROM journal'), [[1], [2]]);
    t.deepEqual(connection.all('SELECT n FROM mine'), [[1]]);
  });
}

test("the database's error is the cause", (t) => {
  const connection = withTables(t);

  const error = failure(t, () => run(connection, of('INSERT INTO mine VALUES (1, 1), (1, 1)')));

  t.like(error.cause, { code: 'SQLITE_CONSTRAINT_UNIQUE', message: 'UNIQUE constraint failed: mine.n' });
});

test('a failed statement can be run again, and its tables can be dropped', (t) => {
  const connection = withTables(t);
  run(connection, of('INSERT INTO mine VALUES (1, 1), (2, 2)'));
  const select = (limit: bigint): readonly StatementResult[] =>
    runStatements(connection, [of('SELECT abs(min(n, ?)) AS n FROM mine', limit)]);

  const results = connection.transaction(() => {
    failure(t, () => select(-(2n ** 63n)));
    return [...select(2n), ...runStatements(connection, [of('DROP TABLE mine')])];
  });

  t.deepEqual(results[0]?.rows, [{ n: 1 }, { n: 2 }]);
});

test('RETURNING gives the rows and the real number of changes', (t) => {
  const connection = withTables(t);

  const results = run(
    connection,
    of('INSERT INTO mine VALUES (1, ?), (2, ?), (3, ?) RETURNING n', 'a', 'b', 'c'),
    of('UPDATE mine SET x = ? WHERE n > ? RETURNING n, x', 'd', 1),
    of('UPDATE mine SET x = ? WHERE n > ? RETURNING n, x', 'd', 9),
    of('WITH some AS (SELECT 1 AS n) DELETE FROM mine WHERE n IN (SELECT n FROM some) RETURNING x AS gone'),
  );

  t.deepEqual(results, [
    { rows: [{ n: 1 }, { n: 2 }, { n: 3 }], changes: 3 },
    {
      rows: [
        { n: 2, x: 'd' },
        { n: 3, x: 'd' },
      ],
      changes: 2,
    },
    { rows: [], changes: 0 },
    { rows: [{ gone: 'a' }], changes: 1 },
  ]);
});

test('what changes nothing does not repeat the changes before it', (t) => {
  const connection = withTables(t, 'CREATE VIEW seen AS SELECT 1 AS n;');
  const two = of('INSERT INTO mine VALUES (1, 1), (2, 2)');

  const results = run(
    connection,
    two,
    of('SELECT n FROM mine LIMIT 1'),
    of('WITH all_of AS (SELECT n FROM mine) SELECT count(*) AS n FROM all_of'),
    of('VALUES (1)'),
    of('CREATE TABLE copies AS SELECT * FROM mine'),
    of('ALTER TABLE copies ADD COLUMN y'),
    of('CREATE INDEX by_y ON copies (y)'),
    of('DROP TABLE copies'),
    of('UPDATE mine SET x = 1 WHERE n = 9'),
    of('DELETE FROM mine'),
  );

  t.deepEqual(
    results.map(({ changes }) => changes),
    [2, 0, 0, 0, 0, 0, 0, 0, 0, 2],
  );
});

test('rows that triggers and foreign keys change are not counted', (t) => {
  const connection = withTables(
    t,
    `CREATE TABLE parent (n INTEGER PRIMARY KEY); CREATE TABLE child (n REFERENCES parent ON DELETE CASCADE);
     INSERT INTO parent VALUES (1); INSERT INTO child VALUES (1), (1);
     CREATE VIEW door AS SELECT n FROM mine;
     CREATE TRIGGER through INSTEAD OF INSERT ON door BEGIN INSERT INTO mine VALUES (new.n, 0); END;`,
  );

  const results = run(
    connection,
    of('DELETE FROM parent RETURNING n'),
    of('INSERT INTO door VALUES (5)'),
    of('INSERT INTO door VALUES (6) RETURNING n'),
  );

  t.deepEqual(
    results.map(({ changes }) => changes),
    [1, 0, 0],
  );
  t.is(countOf(connection, 'mine'), 2);
});

// ── faults that are not the user's ──────────────────────────────────────────────────────────────────────────────────────

test('a full disk comes as it is', (t) => {
  const connection = withTables(t);
  connection.all('PRAGMA max_page_count = 10');

  const error: unknown = t.throws(() => run(connection, of('INSERT INTO mine VALUES (1, zeroblob(100000))')), {
    any: true,
  });

  t.like(error, { code: 'SQLITE_FULL' });
  t.is(countOf(connection, 'mine'), 0);
});

test('a lock comes as it is, and the statements run when it is gone', (t) => {
  const path = databaseOf(t);
  const connection = opened(t, path);
  connection.exec('CREATE TABLE mine (n INTEGER)');
  const other = opened(t, path);
  other.exec('BEGIN IMMEDIATE');
  const insert = (): readonly StatementResult[] => run(connection, of('INSERT INTO mine VALUES (1) RETURNING n'));

  for (let attempt = 0; attempt < 3; attempt += 1) t.true(isBusy(t.throws(insert, { any: true })));
  other.exec('COMMIT');

  t.deepEqual(insert(), [{ rows: [{ n: 1 }], changes: 1 }]);
  t.is(countOf(other, 'mine'), 1);
});

test('what cannot be bound fails the statement, and the process lives', (t) => {
  const connection = withTables(t);
  const none: SqlValue[] = [];
  none.length = 1;
  const args = [
    undefined,
    {},
    new Date(0),
    [1],
    Symbol('x'),
    NaN,
    2n ** 64n,
    'secret\0',
    new DataView(new ArrayBuffer(1)),
  ];

  for (const given of [[], [1, 2], none, ...args.map((arg) => [arg as SqlValue])]) {
    const error = failure(t, () => run(connection, of('SELECT ? AS x', ...given), of('SELECT 1')));
    t.is(error.code, 'TRANSACTION_FAILED');
    t.false(error.message.includes('secret'));
  }
  connection.transaction(() => {
    t.throws(() => connection.user('SELECT ?', [true as unknown as bigint]), { instanceOf: TypeError });
  });

  t.deepEqual(rowsOf(connection, 'SELECT ? AS x', 1), [{ x: 1 }]);
});
