import test from 'ava';
import { readFileSync } from 'node:fs';
import Database from 'libsql';
import { JournalError } from '../../../source/errors.js';
import { Connection } from '../../../source/journal/libsql/connection.js';
import { migrate } from '../../../source/journal/libsql/migrate.js';
import { openJournal } from '../../../source/journal/libsql/open-journal.js';
import { migrations } from '../../../source/journal/libsql/schema.js';
import { databaseOf } from '../../_support/files.js';
import { contentOf, goldenCopy, oldSchemas } from '../../_support/golden.js';
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
    ['big_payloads', 'events', 'exposed', 'fences', 'inbox', 'pruned', 'runs', 'seals', 'workers'].map(
      (name) => `tempolite_${name}`,
    ),
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
  connection.exec('CREATE TABLE tempolite_events (mine TEXT)');
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
  t.is(migrations.length, 3);
});

/** The columns, keys and indexes of every table, however it came to have them. */
const shapeOf = (connection: Connection): unknown =>
  connection
    .all("SELECT name FROM sqlite_schema WHERE type = 'table' AND name NOT LIKE 'sqlite_%' ORDER BY name")
    .flat()
    .map((table) => {
      const indexes = connection.all(
        `SELECT name, "unique", partial FROM pragma_index_list('${String(table)}') ORDER BY name`,
      );
      return {
        table,
        columns: connection.all(
          `SELECT name, type, "notnull", dflt_value, pk FROM pragma_table_info('${String(table)}') ORDER BY name`,
        ),
        indexes: indexes.map(([name, ...index]) => [
          name,
          ...index,
          ...connection.all(`SELECT name FROM pragma_index_info('${String(name)}')`),
        ]),
      };
    });

test('a database of the first schema comes to what an empty one gets at once', (t) => {
  const [old, fresh] = [new Connection(':memory:'), new Connection(':memory:')];
  old.exec(migrations[0] ?? '');
  old.exec('PRAGMA user_version = 1');

  migrate(old);
  migrate(fresh);

  t.deepEqual(shapeOf(old), shapeOf(fresh));
  t.is(versionOf(old), versionOf(fresh));
});

test('what a database of the first schema holds is there after the migration', (t) => {
  const connection = new Connection(':memory:');
  connection.exec(migrations[0] ?? '');
  connection.exec(`PRAGMA user_version = 1;
    INSERT INTO runs (id, workflow, version, status, input_digest, created_at, updated_at) VALUES ('a', 'w', 1, 'waiting', 'd', 1, 1);
    INSERT INTO events (run, link, seq, batch, epoch, type, at, payload) VALUES (1, 0, 0, 0, 0, 'started', 1, '3');
    INSERT INTO inbox (run, name, payload, at) VALUES (1, 's', 'true', 1)`);

  migrate(connection);

  t.deepEqual(connection.all('SELECT id, status FROM tempolite_runs'), [['a', 'waiting']]);
  t.deepEqual(connection.all('SELECT type, payload FROM tempolite_events'), [['started', '3']]);
  t.deepEqual(connection.all('SELECT kind, name, consumed FROM tempolite_inbox'), [['signal', 's', 0]]);
});

for (const schema of oldSchemas) {
  test(`who was overtaken between looking at a file of schema ${schema} and locking it does nothing more`, (t) => {
    const path = goldenCopy(t, schema);
    const [fast, slow] = [new Connection(path), new Connection(path)];
    const transaction = slow.transaction.bind(slow);
    slow.transaction = (work) => {
      migrate(fast);
      fast.close();
      return transaction(work);
    };

    t.notThrows(() => {
      migrate(slow);
    });

    slow.close();
    const other = goldenCopy(t, schema);
    const alone = new Connection(other);
    migrate(alone);
    alone.close();
    t.deepEqual(contentOf(path), contentOf(other));
  });
}

test("tables of the user's may have the names that ours once had", (t) => {
  const connection = new Connection(':memory:');
  connection.exec('CREATE TABLE events (mine TEXT); CREATE TABLE runs (theirs TEXT)');

  t.notThrows(() => {
    migrate(connection);
  });

  t.deepEqual(connection.all("SELECT name FROM pragma_table_info('events')"), [['mine']]);
});
