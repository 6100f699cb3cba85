import test from 'ava';
import { readFileSync } from 'node:fs';
import Database from 'libsql';
import { JournalError } from '../../../source/errors.js';
import { Connection } from '../../../source/journal/libsql/connection.js';
import { migrate } from '../../../source/journal/libsql/migrate.js';
import { openJournal } from '../../../source/journal/libsql/open-journal.js';
import { migrations } from '../../../source/journal/libsql/schema.js';
import { databaseOf } from '../../_support/files.js';
import { newRun } from '../../_support/journals.js';

const schemaOf = (connection: Connection): unknown =>
  connection.all('SELECT type, name, sql FROM sqlite_schema ORDER BY type, name');
const versionOf = (connection: Connection): unknown => connection.all('PRAGMA user_version')[0]?.[0];

test('an empty file gets the whole schema', (t) => {
  const connection = new Connection(databaseOf(t));
  t.is(versionOf(connection), 0);

  migrate(connection);

  t.is(versionOf(connection), migrations.length);
  const tables = connection.all("SELECT name FROM sqlite_schema WHERE type = 'table' AND name NOT LIKE 'sqlite_%'");
  t.deepEqual(
    tables.flat().sort(),
    ['events', 'exposed', 'fences', 'inbox', 'runs', 'workers'].map((name) => `tempolite_${name}`),
  );
  connection.close();
});

test('every table is strict, so that a wrong type is refused instead of stored', (t) => {
  const connection = new Connection(':memory:');
  migrate(connection);

  const loose = connection.all(
    "SELECT name FROM pragma_table_list WHERE schema = 'main' AND strict = 0 AND name NOT LIKE 'sqlite_%'",
  );

  t.deepEqual(loose, []);
});

test('migrating again changes nothing', (t) => {
  const connection = new Connection(':memory:');
  migrate(connection);
  const before = schemaOf(connection);

  migrate(connection);

  t.deepEqual(schemaOf(connection), before);
});

test('opening again keeps what is there', async (t) => {
  const url = `file:${databaseOf(t)}`;
  const first = await openJournal({ url });
  const { run } = await first.start(newRun('run'));
  await first.close();

  const second = await openJournal({ url });
  t.teardown(() => second.close());

  t.deepEqual(await second.run('run'), run);
});

test('a migration that fails leaves nothing of itself', (t) => {
  const connection = new Connection(':memory:');
  connection.exec('CREATE TABLE events (mine TEXT)');
  const before = schemaOf(connection);

  t.throws(
    () => {
      migrate(connection);
    },
    { any: true },
  );

  t.deepEqual(schemaOf(connection), before);
  t.is(versionOf(connection), 0);
});

for (const mode of ['DELETE', 'WAL']) {
  test(`a file of a newer release is refused untouched (journal mode ${mode})`, async (t) => {
    const path = databaseOf(t);
    const database = new Database(path);
    database.exec(`PRAGMA journal_mode = ${mode}`);
    database.exec('CREATE TABLE of_tomorrow (n); INSERT INTO of_tomorrow VALUES (1)');
    database.exec(`PRAGMA user_version = ${migrations.length + 1}`);
    const before = readFileSync(path);

    const error = await t.throwsAsync(openJournal({ url: `file:${path}` }), { instanceOf: JournalError });

    t.is(error.code, 'JOURNAL_NEWER');
    t.regex(error.message, new RegExp(`schema ${migrations.length + 1}.*up to ${migrations.length}`));
    t.true(readFileSync(path).equals(before));
    t.deepEqual(database.prepare('SELECT n FROM of_tomorrow').raw(true).all([]), [[1]]);
  });
}

test('the migrations of a release stay as they are', (t) => {
  // A database that was made by a released migration cannot be made again: add another one, leave these.
  t.is(migrations.length, 1);
});
