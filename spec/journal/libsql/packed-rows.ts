import test, { type ExecutionContext } from 'ava';
import { packed, unpacked } from '../../../source/journal/libsql/packed-rows.js';
import { opened } from '../../_support/connections.js';

const values = ['', 'é 😀 \u2028 "quoted" \\ \n', '5', null, 0, 42, -1, 2 ** 53 - 1];

const filled = (t: ExecutionContext) => {
  const connection = opened(t);
  connection.exec('CREATE TABLE t (n INTEGER PRIMARY KEY, text TEXT) STRICT');
  return connection;
};

test('texts, integers and NULL come out of a packed row as they went in', (t) => {
  const connection = opened(t);
  const bindings = values.map((value) => (typeof value === 'number' ? BigInt(value) : value));
  const places = values.map(() => '?').join(', ');

  t.deepEqual(connection.all(`SELECT ${places}`, bindings), [values]);
  t.deepEqual(connection.all(`WITH given AS (SELECT ${places}) SELECT * FROM given`, bindings), [values]);
});

test('rows keep their order, and what an INSERT or UPDATE gives is packed too', (t) => {
  const connection = filled(t);

  const inserted = connection.all(
    "INSERT INTO t VALUES (1, 'a'), (2, 'b'), (3, NULL) RETURNING n, text, (SELECT 'x, y')",
  );
  const updated = connection.all("UPDATE t SET text = 'z' WHERE n > 1 RETURNING text");

  t.deepEqual(inserted, [
    [1, 'a', 'x, y'],
    [2, 'b', 'x, y'],
    [3, null, 'x, y'],
  ]);
  t.deepEqual(updated, [['z'], ['z']]);
  t.deepEqual(connection.all('SELECT n FROM t ORDER BY n DESC'), [[3], [2], [1]]);
  t.deepEqual(connection.all('SELECT n FROM t WHERE n > 9'), []);
});

test('a page that is one text of JSON stays one', (t) => {
  const connection = filled(t);
  connection.exec("INSERT INTO t VALUES (1, 'a'), (2, 'b')");

  t.deepEqual(connection.all('SELECT json_group_array(json_array(n, text)) FROM (SELECT * FROM t ORDER BY n DESC)'), [
    ['[[2,"b"],[1,"a"]]'],
  ]);
});

for (const sql of [
  'SELECT n, text FROM t',
  'SELECT json_group_array(json_array(n, text)) FROM t',
  'UPDATE t SET n = n + 10 RETURNING n, text',
  'WITH found AS (SELECT text FROM t) SELECT * FROM found',
]) {
  test(`a text that is not UTF-8 is damage, the process lives and nothing is written: ${sql}`, (t) => {
    const connection = filled(t);
    connection.exec("INSERT INTO t VALUES (1, CAST(x'61ff62' AS TEXT))");

    const error: unknown = t.throws(() => connection.transaction(() => connection.all(sql)), { any: true });

    t.like(error, { code: 'SQLITE_CORRUPT', rawCode: 11 });
    t.deepEqual(connection.all('SELECT n FROM t'), [[1]]);
  });
}

test('what is no SELECT is left as it is', (t) => {
  const columnsOf = (): number => t.fail();

  t.deepEqual(packed('PRAGMA user_version', columnsOf), { sql: 'PRAGMA user_version', packing: 'none' });
  t.deepEqual(unpacked([[1, 'x']], 'none'), [[1, 'x']]);
  t.throws(() => unpacked([['x']], 'rows'), { instanceOf: TypeError, message: /a string for a row/ });
});
