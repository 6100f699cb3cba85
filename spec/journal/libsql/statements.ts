import test from 'ava';
import Database from 'libsql';
import { EmbeddedJournal } from '../../../source/journal/libsql/embedded.js';
import { PayloadSeal } from '../../../source/journal/payloads/payload-seal.js';
import { migrate } from '../../../source/journal/libsql/migrate.js';
import { configure, openJournal } from '../../../source/journal/libsql/open-journal.js';
import { claimOpenRuns, claimRuns, eventsPage } from '../../../source/journal/libsql/statements.js';
import { opened } from '../../_support/connections.js';
import { databaseOf } from '../../_support/files.js';
import { newRun, output, own } from '../../_support/journals.js';

// Alone, since it listens to every connection of the process.
test.serial('each statement is prepared once, however often it is used', async (t) => {
  const prepared: string[] = [];
  const connection = opened(t);
  migrate(connection);
  const journal = new EmbeddedJournal(connection, new PayloadSeal(), {});
  await own(journal);
  const prepare = Reflect.get(Database.prototype, 'prepare');
  Database.prototype.prepare = function (this: InstanceType<typeof Database>, sql: string) {
    prepared.push(sql);
    return prepare.call(this, sql);
  } as typeof prepare;
  t.teardown(() => {
    Database.prototype.prepare = prepare;
  });

  const round = async (n: number): Promise<void> => {
    await journal.start(newRun(`run ${n}`));
    await journal.commit({ runId: `run ${n}`, link: 0, events: [output(1)], status: { status: 'running', at: 1 } });
    await journal.signal({ runId: `run ${n}`, name: 's', payload: '1', at: 1 });
    await Promise.all([
      journal.inbox(`run ${n}`),
      journal.tail(0, 1),
      journal.claim({ now: 1, workflows: [], limit: 1, blocked: true }),
    ]);
    await Promise.all([journal.runs({ status: 'running' }, { limit: 1 }), journal.lastOutput(`run ${n}`, 0)]);
  };
  for (let n = 0; n < 50; n += 1) await round(n);

  const ours = prepared.filter((sql) => /\btempolite_(runs|events|inbox)\b/.test(sql));
  t.true(ours.length >= 8, 'the statements were seen');
  t.is(ours.length, new Set(ours).size);
});

test('only the worker that holds the database checkpoints it', async (t) => {
  const connection = opened(t);
  configure(connection, 'full');
  migrate(connection);
  const journal = new EmbeddedJournal(connection, new PayloadSeal(), {});
  const checkpoints = (): unknown => connection.all('PRAGMA wal_autocheckpoint')[0]?.[0];

  const before = checkpoints();
  await own(journal);
  const held = checkpoints();
  await journal.release();

  t.deepEqual([before, held, checkpoints()], [0, 1000, 0]);
});

test('reading leaves no transaction open that would keep the WAL growing', async (t) => {
  const path = databaseOf(t);
  const journal = await openJournal({ url: `file:${path}` });
  t.teardown(() => journal.close());
  for (let n = 0; n < 20; n += 1) await journal.start(newRun(`run ${n}`));

  await journal.tail(0, 5);
  await journal.runs({}, { limit: 5 });
  await journal.events('run 1', 0, 0, 1);

  const [row] = opened(t, path).all('PRAGMA wal_checkpoint(TRUNCATE)');
  t.deepEqual(row, [0, 0, 0]);
});

test('a closed journal holds no lock and no transaction', async (t) => {
  const path = databaseOf(t);
  const journal = await openJournal({ url: `file:${path}` });
  await own(journal);
  await journal.start(newRun('run'));

  await journal.close();

  const other = opened(t, path);
  t.deepEqual(other.all('PRAGMA wal_checkpoint(TRUNCATE)'), [[0, 0, 0]]);
  t.notThrows(() => other.transaction(() => other.run('DELETE FROM tempolite_workers')));
});

test('runs that are claimed by their ids are found by these, however many others go on', (t) => {
  const connection = opened(t);
  migrate(connection);

  for (const claim of [claimRuns, claimOpenRuns]) {
    const bindings = ['worker', '["run"]', 'worker', 'worker', 1n];
    const [plan] = connection.all(`EXPLAIN QUERY PLAN ${claim.split('RETURNING')[0] ?? ''}`, bindings);
    t.is(plan?.[3], 'SEARCH tempolite_runs USING INDEX sqlite_autoindex_tempolite_runs_1 (id=?)');
  }
});

test('a page of events has what begins like a reference for payloads that are elsewhere, or longer than it takes', async (t) => {
  const connection = opened(t);
  migrate(connection);
  const journal = new EmbeddedJournal(connection, new PayloadSeal({ bigPayloadBytes: 100 }), {});
  await own(journal);
  await journal.start(newRun('run', { status: 'running' }));
  // Two bytes each.
  const payloads = ['short', 'ä'.repeat(40), 'x'.repeat(2_000)].map((text) => JSON.stringify(text));
  await journal.commit({
    runId: 'run',
    link: 0,
    events: payloads.map((payload, place) => output(place + 1, { payload })),
  });

  const payloadsWithin = (bytes: number): string[] => {
    const [page] = connection.all(eventsPage, [BigInt(bytes), 'run', 0n, 1n, 10n]);
    return (JSON.parse(String(page?.[0])) as string[][]).map((row) => row[8]?.slice(0, 2) ?? '');
  };

  t.deepEqual(payloadsWithin(82), ['"s', '"ä', '~#']);
  t.deepEqual(payloadsWithin(81), ['"s', '~#', '~#']);
  t.deepEqual(payloadsWithin(0), ['~#', '~#', '~#']);
});
