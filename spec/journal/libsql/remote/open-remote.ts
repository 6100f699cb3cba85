import { createClient } from '@libsql/client';
import test from 'ava';
import { inspect } from 'node:util';
import { randomBytes } from 'node:crypto';
import { JournalError } from '../../../../source/errors.js';
import { compress, encrypt } from '../../../../source/index.js';
import { openJournal } from '../../../../source/journal/libsql/open-journal.js';
import { migrations } from '../../../../source/journal/libsql/schema.js';
import { databaseOf } from '../../../_support/files.js';
import { hrana } from '../../../_support/hrana/open.js';
import { startHrana } from '../../../_support/hrana/server.js';
import { newRun } from '../../../_support/journals.js';
import { openedAt } from '../../../_support/remote-journals.js';

const [k1, k2] = [randomBytes(32), randomBytes(32)];

for (const by of ['http', 'ws'] as const) {
  test(`${by}: an encrypted database is not opened without its key, and with it all is there`, async (t) => {
    const server = await hrana(t);
    const payloads = [compress(), encrypt({ keys: { k1 }, use: 'k1' })];
    const journal = await openedAt(t, server[by], { payloads });
    await journal.start(newRun('run'));

    for (const other of [[], [compress()], [encrypt({ keys: { k1: k2 }, use: 'k1' })]]) {
      await t.throwsAsync(openJournal({ url: server[by], payloads: other }), { code: 'PAYLOAD_KEY_MISSING' });
    }

    const again = await openedAt(t, server[by], { payloads });
    t.like(await again.last('run', 0), { payload: newRun('run').input });
  });

  test(`${by}: a key that seals nothing any more may be left out`, async (t) => {
    const server = await hrana(t);
    await (await openJournal({ url: server[by], payloads: [encrypt({ keys: { k1 }, use: 'k1' })] })).close();

    const journal = await openedAt(t, server[by], { payloads: [encrypt({ keys: { k2 }, use: 'k2' })] });

    t.true((await journal.start(newRun('run'))).created);
  });

  test(`${by}: several open an empty database at once, and each finds the schema`, async (t) => {
    const server = await hrana(t);

    const journals = await Promise.all([1, 2, 3, 4].map(() => openedAt(t, server[by])));

    await Promise.all(journals.map((journal, n) => journal.start(newRun(`run ${n}`))));
    t.is((await journals[0]?.runs({}, { limit: 10 }))?.length, 4);
  });

  test(`${by}: a schema of a newer release is refused, and left as it is`, async (t) => {
    const server = await hrana(t);
    const client = createClient({ url: server.http });
    t.teardown(() => {
      client.close();
    });
    await client.execute(`PRAGMA user_version = ${migrations.length + 1}`);

    const error = await t.throwsAsync(openJournal({ url: server[by] }), { instanceOf: JournalError });

    t.is(error.code, 'JOURNAL_NEWER');
    t.deepEqual((await client.execute('SELECT name FROM sqlite_schema')).rows, []);
  });

  test(`${by}: a token that is not accepted is told of at once, without it`, async (t) => {
    const server = await hrana(t, { token: 'right' });

    const error = await t.throwsAsync(openJournal({ url: server[by], authToken: 'wrong-secret' }), {
      instanceOf: JournalError,
    });

    t.is(error.code, 'JOURNAL_DENIED');
    t.false(inspect(error, { depth: Infinity }).includes('wrong-secret'));
    await t.notThrowsAsync(openedAt(t, server[by], { authToken: 'right' }));
  });

  test(`${by}: a server that is not there is tried until the time is up`, async (t) => {
    const server = await startHrana(databaseOf(t));
    await server.close();

    const error = await t.throwsAsync(openJournal({ url: server[by], unreachableMs: 50 }), {
      instanceOf: JournalError,
    });

    t.is(error.code, 'JOURNAL_UNREACHABLE');
  });

  test(`${by}: an opening whose migration was not answered finds out what became of it`, async (t) => {
    for (const fault of [{ do: 'cut', when: 'during' }, { do: 'cut', when: 'after' }, { do: 'busy' }] as const) {
      const server = await hrana(t);
      server.faults.plan(fault, { sql: 'CREATE TABLE' });

      const journal = await openedAt(t, server[by]);

      t.is(server.faults.met, 1);
      t.true((await journal.start(newRun('run'))).created);
    }
  });
}

for (const url of ['https://', 'http://user:secret@127.0.0.1', 'ws://:secret@127.0.0.1', 'libsql://h#secret']) {
  test(`the url ${url} is refused without its secrets`, async (t) => {
    const error = await t.throwsAsync(openJournal({ url }), { instanceOf: JournalError });

    t.is(error.code, 'UNSUPPORTED_URL');
    t.false(error.message.includes('secret'));
  });
}
