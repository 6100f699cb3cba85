import test from 'ava';
import Database from 'libsql';
import { mostUserStatements } from '../../source/journal/libsql/connection.js';
import { runStatements } from '../../source/journal/libsql/user-statements.js';
import { opened } from '../_support/connections.js';
import { databaseOf } from '../_support/files.js';
import { failure, of, rowsOf, run, withTables } from '../_support/user-sql.js';

/** A user's statements stay prepared, the latest of them. */

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
