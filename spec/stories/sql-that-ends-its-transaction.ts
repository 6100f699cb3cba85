import test from 'ava';
import { runStatements } from '../../source/journal/libsql/user-statements.js';
import type { StatementResult } from '../../source/journal/statement.js';
import { countOf, failure, of, run, withTables } from '../_support/user-sql.js';

/** Statements of a user's that end the journal's transaction, or have its COMMIT refused. */

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
