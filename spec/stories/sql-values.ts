import test from 'ava';
import { runInNewContext } from 'node:vm';
import { failure, rowsOf, run, of, withTables } from '../_support/user-sql.js';

/** What a user's statements are given, and what they give. */

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
