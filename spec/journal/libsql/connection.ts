import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import test, { type ExecutionContext } from 'ava';
import { Connection, type Binding } from '../../../source/journal/libsql/connection.js';
import { opened } from '../../_support/connections.js';
import { databaseOf } from '../../_support/files.js';

// The traps of the native driver: each was met, and none of them can be met through a Connection.

const thrown = (t: ExecutionContext, act: () => unknown): unknown => t.throws(act, { any: true });

test('an insert that answers with its row is acknowledged only when its commit went through', (t) => {
  const connection = opened(t);
  connection.exec('CREATE TABLE parents (n INTEGER PRIMARY KEY) STRICT');
  // The fault shows at the commit, after the row has been given out; a full disk does the same.
  connection.exec('CREATE TABLE t (n INTEGER REFERENCES parents DEFERRABLE INITIALLY DEFERRED) STRICT');

  const error = thrown(t, () => connection.all('INSERT INTO t VALUES (?) RETURNING n', [7n]));

  t.like(error, { code: 'SQLITE_CONSTRAINT_FOREIGNKEY' });
  t.deepEqual(connection.all('SELECT count(*) FROM t'), [[0]]);
});

for (const sql of ['INSERT INTO t VALUES (1) RETURNING n', 'PRAGMA user_version', 'SELECT 1']) {
  test(`a statement that yields rows cannot be run halfway: ${sql}`, (t) => {
    const connection = opened(t);
    connection.exec('CREATE TABLE t (n INTEGER) STRICT');

    t.throws(() => connection.run(sql), { instanceOf: TypeError, message: /yields rows/ });

    t.deepEqual(connection.all('SELECT count(*) FROM t'), [[0]]);
  });
}

test('a connection that met a lock works on when the lock is gone', (t) => {
  const path = databaseOf(t);
  const connection = opened(t, path);
  connection.exec('CREATE TABLE t (n INTEGER) STRICT');
  const insert = (): number => connection.transaction(() => connection.run('INSERT INTO t VALUES (?)', [1n]).changes);
  insert();
  const other = opened(t, path);
  other.exec('BEGIN IMMEDIATE');
  for (let attempt = 0; attempt < 3; attempt += 1) t.like(thrown(t, insert), { code: 'SQLITE_BUSY' });
  other.exec('COMMIT');

  insert();

  t.deepEqual(other.all('SELECT count(*) FROM t'), [[2]]);
  t.notThrows(() => other.transaction(() => other.run('INSERT INTO t VALUES (?)', [2n])));
});

for (const [what, value] of [
  ['a boolean', true],
  ['a number', 5],
  ['undefined', undefined],
  ['an object', {}],
  ['a date', new Date(0)],
  ['a buffer', Buffer.from('x')],
  ['a symbol', Symbol('x')],
] as const) {
  test(`${what} cannot be bound, and the process lives`, (t) => {
    const connection = opened(t);
    connection.exec('CREATE TABLE t (n ANY) STRICT');

    t.throws(() => connection.all('SELECT ?', [value as unknown as Binding]), { instanceOf: TypeError });
    t.throws(() => connection.run('INSERT INTO t VALUES (?)', [value as unknown as Binding]), {
      instanceOf: TypeError,
    });

    t.deepEqual(connection.all('SELECT ?', ['still here']), [['still here']]);
  });
}

test('every other text comes back as it was', (t) => {
  const connection = opened(t);
  const texts = [
    '',
    ' ',
    '5',
    'é',
    '😀',
    '\u{10ffff}',
    '\r\n\t\u0001\u2028',
    "'; DROP TABLE runs; --",
    'x'.repeat(1e6),
  ];

  for (const text of texts) t.deepEqual(connection.all('SELECT ?', [text]), [[text]]);
});

test('parameters that are missing or too many are refused, not taken from the last time', (t) => {
  const connection = opened(t);
  const sql = 'SELECT ?, ?';
  connection.all(sql, [1n, 2n]);

  t.throws(() => connection.all(sql, [9n]), { instanceOf: TypeError, message: /takes 2 parameters, not 1/ });
  t.throws(() => connection.all(sql, [9n, 9n, 9n]), { instanceOf: TypeError });
  t.throws(() => connection.all(sql), { instanceOf: TypeError });
});

test('a closed connection refuses, and the process lives', (t) => {
  const connection = new Connection(databaseOf(t));
  connection.close();
  connection.close();

  t.throws(() => connection.transaction(() => 1), { instanceOf: TypeError, message: /not open/ });
  t.throws(() => connection.all('SELECT 1'), { any: true });
});

test('what a transaction throws is what its caller sees, and nothing of it stays', (t) => {
  const connection = opened(t);
  connection.exec('CREATE TABLE t (n INTEGER UNIQUE) STRICT');
  const mine = new Error('mine');

  const error = thrown(t, () =>
    connection.transaction(() => {
      connection.run('INSERT INTO t VALUES (?)', [1n]);
      throw mine;
    }),
  );

  t.is(error, mine);
  t.deepEqual(connection.all('SELECT * FROM t'), []);
  t.is(
    connection.transaction(() => 'next'),
    'next',
  );
});

test('a transaction that the database has rolled back by itself says why', (t) => {
  const connection = opened(t);
  connection.exec('CREATE TABLE t (text TEXT) STRICT');
  connection.all('PRAGMA max_page_count = 10');

  const error = thrown(t, () =>
    connection.transaction(() => connection.run('INSERT INTO t VALUES (?)', ['x'.repeat(100_000)])),
  );

  t.like(error, { code: 'SQLITE_FULL' });
});

test('one file touches the driver, and calls nothing of it that aborts, leaks or is not there', (t) => {
  const root = fileURLToPath(new URL('../../../../source/', import.meta.url));
  const files = readdirSync(root, { recursive: true, encoding: 'utf8' }).filter((file) => file.endsWith('.ts'));
  const users = files.filter((file) => /from 'libsql(\/[a-z]+)?'/.test(readFileSync(join(root, file), 'utf8')));

  t.deepEqual(users, [join('journal', 'libsql', 'connection.ts')]);
  const text = readFileSync(join(root, ...users), 'utf8');
  t.regex(text, /#database\.exec\(/);
  t.notRegex(text, /statement\.(get|iterate|pluck|interrupt|bind)\(/);
  t.notRegex(
    text,
    /#database\.(interrupt|loadExtension|transaction|pragma|sync|backup|function|aggregate|serialize)\(/,
  );
});
