import test, { type ExecutionContext } from 'ava';
import Database from 'libsql';
import { runInNewContext } from 'node:vm';
import { JournalError } from '../../../source/errors.js';
import { mostUserStatements, type Connection } from '../../../source/journal/libsql/connection.js';
import { isBusy } from '../../../source/journal/libsql/failures.js';
import { runStatements } from '../../../source/journal/libsql/user-statements.js';
import type { SqlValue, Statement, StatementResult } from '../../../source/journal/statement.js';
import { opened } from '../../_support/connections.js';
import { databaseOf } from '../../_support/files.js';

const withTables = (t: ExecutionContext, tables = ''): Connection => {
  const connection = opened(t);
  connection.exec(
    `CREATE TABLE journal (n INTEGER) STRICT; CREATE TABLE mine (n INTEGER UNIQUE, x ANY) STRICT; ${tables}`,
  );
  return connection;
};

const of = (sql: string, ...args: SqlValue[]): Statement => ({ sql, args });

const run = (connection: Connection, ...statements: Statement[]): readonly StatementResult[] =>
  connection.transaction(() => runStatements(connection, statements));

const rowsOf = (connection: Connection, sql: string, ...args: SqlValue[]): StatementResult['rows'] =>
  run(connection, of(sql, ...args))[0]?.rows ?? [];

const countOf = (connection: Connection, table: string): unknown =>
  connection.all(`SELECT count(*) FROM ${table}`)[0]?.[0];

/** Answers with what `act` throws. */
const failure = (t: ExecutionContext, act: () => unknown): JournalError => t.throws(act, { instanceOf: JournalError });

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

test('whole numbers and booleans are bound as INTEGER, other numbers as REAL', (t) => {
  const connection = withTables(t, 'CREATE TABLE columns (text TEXT, any ANY) STRICT;');
  const values = [5, -5, 0, -0, true, false, 7n, 1.5, 2 ** 53, 2 ** 62, 2 ** 63, 1e300, 5e-324];

  for (const value of values) run(connection, of('INSERT INTO columns VALUES (?, ?)', value, value));

  t.deepEqual(connection.all('SELECT text, typeof(any) FROM columns'), [
    ['5', 'integer'],
    ['-5', 'integer'],
    ['0', 'integer'],
    ['0', 'integer'],
    ['1', 'integer'],
    ['0', 'integer'],
    ['7', 'integer'],
    ['1.5', 'real'],
    ['9007199254740992', 'integer'],
    ['4611686018427387904', 'integer'],
    ['9.22337203685478e+18', 'real'],
    ['1.0e+300', 'real'],
    ['4.94065645841247e-324', 'real'],
  ]);
  t.deepEqual(
    rowsOf(connection, 'SELECT any FROM columns').map(({ any }) => any),
    [5, -5, 0, 0, 1, 0, 7, 1.5, 2n ** 53n, 2n ** 62n, 2 ** 63, 1e300, 5e-324],
  );
});

test('an INTEGER is a number as long as that is exact, and a bigint beyond', (t) => {
  const connection = withTables(t);
  const exact = 2n ** 53n - 1n;
  const integers = [exact, exact + 1n, exact + 2n, -exact, -exact - 1n, 2n ** 63n - 1n, -(2n ** 63n)];

  const [row] = rowsOf(connection, 'SELECT ? AS a, ? AS b, ? AS c, ? AS d, ? AS e, ? AS f, ? AS g', ...integers);

  t.deepEqual(Object.values(row ?? {}), [
    Number(exact),
    exact + 1n,
    exact + 2n,
    -Number(exact),
    -exact - 1n,
    2n ** 63n - 1n,
    -(2n ** 63n),
  ]);
});

test('bytes go in and come out as they are, from whatever buffer', (t) => {
  const connection = withTables(t);
  const all = Uint8Array.from({ length: 256 }, (_, byte) => byte);
  const shared = new Uint8Array(new SharedArrayBuffer(2));
  shared.set([1, 2]);
  const given: readonly Uint8Array[] = [
    all,
    all.subarray(3, 7),
    Buffer.from('from the pool'),
    Buffer.from('from the pool').subarray(5, 8),
    new Uint8Array(0),
    runInNewContext('new Uint8Array(new ArrayBuffer(4, { maxByteLength: 8 }))') as Uint8Array,
    shared,
  ];

  for (const bytes of given) {
    const [row] = rowsOf(connection, 'SELECT ? AS bytes, hex(?) AS hex', bytes, bytes);

    t.is(Object.getPrototypeOf(row?.['bytes']), Uint8Array.prototype);
    t.deepEqual(row?.['bytes'], Uint8Array.from(bytes));
    t.is(row?.['hex'], Buffer.from(bytes).toString('hex').toUpperCase());
  }
});

test('NULL and texts come back as they were', (t) => {
  const [row] = rowsOf(withTables(t), 'SELECT ? AS a, ? AS b, ? AS c', null, '', "it's 😀\u0001\u{10ffff}");

  t.deepEqual(row, { a: null, b: '', c: "it's 😀\u0001\u{10ffff}" });
});

test('a row is a plain object whatever its columns are called', (t) => {
  const [row] = rowsOf(withTables(t), 'SELECT 1 AS "__proto__", 2 AS constructor, 3 AS "", 4 AS N, 5 AS n');

  t.deepEqual(Object.entries(row ?? {}), [
    ['__proto__', 1],
    ['constructor', 2],
    ['', 3],
    ['N', 4],
    ['n', 5],
  ]);
});

test('two columns of one name are to be named with AS, also when there is no row', (t) => {
  const connection = withTables(t);

  const error = failure(t, () => run(connection, of('SELECT a.*, b.n FROM mine a, mine b')));

  t.regex(error.message, /two columns "n".*name them with AS/);
});

// ── statements that end the transaction ─────────────────────────────────────────────────────────────────────────────────

const enders = [
  ['a trigger', 'RAISE(ROLLBACK)', "INSERT INTO guarded VALUES (1, 'no entry')"],
  ['a table', 'ON CONFLICT ROLLBACK', 'INSERT INTO strict_one VALUES (1) RETURNING n'],
] as const;
const enderTables = `
  CREATE TABLE guarded (n, reason);
  CREATE TRIGGER guard BEFORE INSERT ON guarded BEGIN SELECT RAISE(ROLLBACK, 'no entry'); END;
  CREATE TABLE strict_one (n UNIQUE ON CONFLICT ROLLBACK); INSERT INTO strict_one VALUES (1);`;

for (const [what, how, sql] of enders) {
  test(`${what} with ${how} ends the transaction, and nothing of it is written`, (t) => {
    const connection = withTables(t, enderTables);

    const error = failure(t, () => {
      connection.transaction(() => {
        connection.run('INSERT INTO journal VALUES (?)', [1n]);
        runStatements(connection, [of(sql), of('INSERT INTO mine VALUES (1, 1)')]);
      });
    });

    t.is(error.code, 'TRANSACTION_ENDED');
    t.regex(error.message, /^statement 1 of 2, .* has rolled back the whole transaction \(.+\): .*ABORT/);
    t.like(error.cause, { name: 'SqliteError' });
    t.deepEqual([countOf(connection, 'journal'), countOf(connection, 'mine')], [0, 0]);
    t.is(run(connection, of('INSERT INTO mine VALUES (1, 1)'))[0]?.changes, 1);
  });

  test(`after ${how} nothing can be written in the transaction, even if nobody minds`, (t) => {
    const connection = withTables(t, enderTables);
    const again: (() => unknown)[] = [
      () => undefined,
      () => connection.run('INSERT INTO journal VALUES (?)', [1n]),
      () => {
        connection.exec('INSERT INTO journal VALUES (1)');
      },
      () => runStatements(connection, [of('INSERT INTO mine VALUES (1, 1)')]),
      () => connection.savepoint(() => t.throws(() => connection.user(sql, []), { any: true })),
    ];

    for (const write of again) {
      const error = failure(t, () => {
        connection.transaction(() => {
          t.throws(() => runStatements(connection, [of(sql)]));
          write();
        });
      });
      t.is(error.code, 'TRANSACTION_ENDED');
    }

    t.deepEqual([countOf(connection, 'journal'), countOf(connection, 'mine')], [0, 0]);
  });
}

test('a statement that ends the transaction without an error is noticed', (t) => {
  const connection = withTables(t);

  // `checkStatement` refuses it; whatever else does the same is caught here.
  const error = failure(t, () => run(connection, of('COMMIT'), of('INSERT INTO mine VALUES (1, 1)')));

  t.is(error.code, 'TRANSACTION_ENDED');
  t.regex(error.message, /^statement 1 of 2, "COMMIT", has rolled back/);
  t.is(countOf(connection, 'mine'), 0);
});

test('a savepoint whose work ends the transaction is no success', (t) => {
  const connection = withTables(t, enderTables);

  const error = failure(t, () => {
    connection.transaction(() => {
      const inner = failure(t, () => {
        connection.savepoint(() => t.throws(() => connection.user(enders[0][2], []), { any: true }));
      });
      t.is(inner.code, 'TRANSACTION_ENDED');
    });
  });

  t.is(error.code, 'TRANSACTION_ENDED');
});

test('a deferred foreign key fails at the COMMIT, and with it the whole transaction', (t) => {
  const connection = withTables(
    t,
    `CREATE TABLE parent (n INTEGER PRIMARY KEY);
     CREATE TABLE child (n INTEGER REFERENCES parent DEFERRABLE INITIALLY DEFERRED);`,
  );
  let results: readonly StatementResult[] = [];

  const error: unknown = t.throws(
    () => {
      connection.transaction(() => {
        connection.run('INSERT INTO journal VALUES (?)', [1n]);
        results = runStatements(connection, [of('INSERT INTO child VALUES (?)', 7)]);
      });
    },
    { any: true },
  );

  t.deepEqual(results, [{ rows: [], changes: 1 }]);
  t.like(error, { code: 'SQLITE_CONSTRAINT_FOREIGNKEY' });
  t.deepEqual([countOf(connection, 'journal'), countOf(connection, 'child')], [0, 0]);
  t.is(run(connection, of('INSERT INTO child VALUES (?)', 7), of('INSERT INTO parent VALUES (?)', 7)).length, 2);
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

// ── prepared statements ─────────────────────────────────────────────────────────────────────────────────────────────────

/** What the driver was asked to prepare in this file. */
const prepared: string[] = [];
const original = Object.getOwnPropertyDescriptor(Database.prototype, 'prepare')?.value as (sql: string) => unknown;
Object.defineProperty(Database.prototype, 'prepare', {
  value(sql: string): unknown {
    prepared.push(sql);
    return original.call(this, sql);
  },
});

const timesPrepared = (sql: string): number => prepared.filter((one) => one === sql).length;

test('any number of different statements keep a bounded number prepared, the latest used ones', (t) => {
  const connection = withTables(t);
  const often = of('SELECT 1 AS often');
  const once = of('SELECT 1 AS once');
  run(connection, once);

  for (let number = 0; number < 1000; number += 1) run(connection, often, of(`SELECT ${number} AS n`));

  t.is(connection.userStatements, mostUserStatements);
  t.is(timesPrepared(often.sql), 1);
  run(connection, once);
  t.is(timesPrepared(once.sql), 2);
});

test('a closed connection lets go of its statements', (t) => {
  const connection = withTables(t);
  run(connection, of('SELECT 1'));

  connection.close();

  t.is(connection.userStatements, 0);
  t.false(connection.inTransaction);
});

test('prepared statements follow the tables that other statements alter', (t) => {
  const path = databaseOf(t);
  const connection = opened(t, path);
  const other = opened(t, path);
  connection.exec('CREATE TABLE journal (n INTEGER) STRICT');
  const journal = (): number => connection.run('INSERT INTO journal VALUES (?)', [1n]).changes;
  const all = of('SELECT * FROM mine');
  const insert = of('INSERT INTO mine (n) VALUES (?) RETURNING *', 1);
  run(connection, of('CREATE TABLE mine (n INTEGER)'), insert, all);
  journal();

  t.deepEqual(
    run(connection, of("ALTER TABLE mine ADD COLUMN x DEFAULT 'x'"), all, insert, of('DROP TABLE mine')).map(
      ({ rows }) => rows,
    ),
    [[], [{ n: 1, x: 'x' }], [{ n: 1, x: 'x' }], []],
  );
  t.is(failure(t, () => run(connection, all)).code, 'TRANSACTION_FAILED');
  other.exec('CREATE TABLE mine (y TEXT, n INTEGER)');
  t.deepEqual(rowsOf(connection, insert.sql, 2), [{ y: null, n: 2 }]);
  other.exec('ALTER TABLE mine RENAME COLUMN y TO z');
  t.deepEqual(rowsOf(connection, all.sql), [{ z: null, n: 2 }]);
  t.is(journal(), 1);
});

test('a table whose creation was taken back is not there, for prepared statements too, until it is created again', (t) => {
  const connection = withTables(t);
  const create = of('CREATE TABLE later (n INTEGER)');
  const insert = of('INSERT INTO later VALUES (?)', 1);

  const results = connection.transaction(() => {
    failure(t, () => runStatements(connection, [create, insert, of('nonsense')]));
    connection.run('INSERT INTO journal VALUES (?)', [1n]);
    t.regex(failure(t, () => runStatements(connection, [insert])).message, /no such table/);
    return runStatements(connection, [create, insert]);
  });

  t.deepEqual(
    results.map(({ changes }) => changes),
    [0, 1],
  );
});
