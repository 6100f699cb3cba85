import { randomBytes } from 'node:crypto';
import { readFileSync } from 'node:fs';
import test, { type ExecutionContext } from 'ava';
import { JournalError } from '../../../source/errors.js';
import { compress, encrypt } from '../../../source/index.js';
import { openJournal, type JournalOptions } from '../../../source/journal/libsql/open-journal.js';
import { opened } from '../../_support/connections.js';
import { databaseOf } from '../../_support/files.js';
import { newRun, own } from '../../_support/journals.js';

const [k1, k2] = [randomBytes(32), randomBytes(32)];
const first: JournalOptions = { payloads: [compress(), encrypt({ keys: { k1 }, use: 'k1' })] };
const both: JournalOptions = { payloads: [compress(), encrypt({ keys: { k1, k2 }, use: 'k2' })] };
const second: JournalOptions = { payloads: [compress(), encrypt({ keys: { k2 }, use: 'k2' })] };

/** Opens a database, starts a run in it, and closes it. */
const write = async (path: string, options: JournalOptions, id: string): Promise<void> => {
  const journal = await openJournal({ ...options, url: `file:${path}` });
  await own(journal);
  await journal.start(newRun(id));
  await journal.release();
  await journal.close();
};

const inputOf = async (t: ExecutionContext, path: string, options: JournalOptions, id: string): Promise<unknown> => {
  const journal = await openJournal({ ...options, url: `file:${path}` });
  t.teardown(() => journal.close());
  const event = await journal.last(id, 0);
  return event?.type === 'started' ? event.payload : undefined;
};

const refused = async (t: ExecutionContext, path: string, options: JournalOptions): Promise<JournalError> => {
  const before = readFileSync(path);
  const error = await t.throwsAsync(openJournal({ ...options, url: `file:${path}` }), { instanceOf: JournalError });
  t.true(readFileSync(path).equals(before), 'it was left as it was');
  return error;
};

test('an encrypted database is not opened without its key, so that nothing is written in the clear', async (t) => {
  const path = databaseOf(t);
  await write(path, first, 'run');

  for (const options of [{}, { payloads: [compress()] }, second]) {
    const error = await refused(t, path, options);
    t.is(error.code, 'PAYLOAD_KEY_MISSING');
    t.regex(error.message, /aes(-block)?=k1/);
  }
  t.is(await inputOf(t, path, first, 'run'), newRun('run').input);
});

test('another key under the same id is noticed at the opening', async (t) => {
  const path = databaseOf(t);
  await write(path, first, 'run');

  const error = await refused(t, path, { payloads: [encrypt({ keys: { k1: k2 }, use: 'k1' })] });

  t.is(error.code, 'PAYLOAD_KEY_MISSING');
});

test('a database that was begun in the clear is encrypted from now on, and all of it is readable', async (t) => {
  const path = databaseOf(t);
  await write(path, {}, 'old');
  await write(path, first, 'new');

  t.is(await inputOf(t, path, first, 'old'), newRun('old').input);
  t.is(await inputOf(t, path, first, 'new'), newRun('new').input);
  const payloads = opened(t, path).all('SELECT payload FROM tempolite_events ORDER BY position').flat().map(String);
  t.is(payloads[0], newRun('old').input);
  t.regex(payloads[1] ?? '', /^~aes=k1:/);
});

test('after a change of keys the old one reads and the new one writes', async (t) => {
  const path = databaseOf(t);
  await write(path, first, 'old');
  await write(path, both, 'new');

  t.is(await inputOf(t, path, both, 'old'), newRun('old').input);
  t.is(await inputOf(t, path, both, 'new'), newRun('new').input);
  const payloads = opened(t, path).all('SELECT payload FROM tempolite_events ORDER BY position').flat().map(String);
  t.deepEqual(
    payloads.map((payload) => payload.split(':')[0]),
    ['~aes=k1', '~aes=k2'],
  );
});

for (const [table, column] of [
  ['events', 'payload'],
  ['events', 'digest'],
  ['inbox', 'payload'],
  ['exposed', 'payload'],
  ['big_payloads', 'content'],
  ['runs', 'detail'],
  ['runs', 'input_digest'],
] as const) {
  test(`a key can be left out when it seals nothing any more, not while ${column} of ${table} has something of it`, async (t) => {
    const path = databaseOf(t);
    await write(path, first, 'old');
    await write(path, both, 'new');
    const connection = opened(t, path);
    connection.exec(`
      INSERT INTO tempolite_inbox (run, name, payload, at) VALUES (2, 's', '1', 1);
      INSERT INTO tempolite_exposed VALUES (2, 'e', '1', 1);
      INSERT INTO tempolite_big_payloads VALUES ('d', '1');
      DELETE FROM tempolite_events WHERE run = 1;
      DELETE FROM tempolite_runs WHERE num = 1;`);
    const sealed = column.endsWith('digest') ? '~aes-block=k1:AAAA' : '~deflate+aes=k1:AAAA';
    const before = connection.all(`SELECT max(${column}) FROM tempolite_${table}`)[0]?.[0];
    connection.run(`UPDATE tempolite_${table} SET ${column} = ?`, [sealed]);

    t.is((await refused(t, path, second)).code, 'PAYLOAD_KEY_MISSING');
    connection.run(`UPDATE tempolite_${table} SET ${column} = ?`, [typeof before === 'string' ? before : null]);
    connection.run("UPDATE tempolite_events SET digest = NULL WHERE type = 'started'");

    t.is(
      await inputOf(t, path, second, 'new'),
      table === 'events' ? await inputOf(t, path, both, 'new') : newRun('new').input,
    );
    t.deepEqual(connection.all('SELECT mark FROM tempolite_seals ORDER BY mark').flat(), ['aes-block=k2', 'aes=k2']);
  });
}

test('to compress needs no key, and nothing is noted of it', async (t) => {
  const path = databaseOf(t);
  await write(path, { payloads: [compress({ aboveBytes: 0 })] }, 'run');

  t.is(await inputOf(t, path, {}, 'run'), newRun('run').input);
  t.deepEqual(opened(t, path).all('SELECT * FROM tempolite_seals'), []);
});
