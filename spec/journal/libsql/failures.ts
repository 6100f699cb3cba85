import test, { type ExecutionContext } from 'ava';
import { closeSync, openSync, readFileSync, statSync, truncateSync, writeFileSync, writeSync } from 'node:fs';
import { join } from 'node:path';
import Database from 'libsql';
import { JournalError } from '../../../source/errors.js';
import type { Journal } from '../../../source/journal/journal.js';
import { Connection } from '../../../source/journal/libsql/connection.js';
import { EmbeddedJournal } from '../../../source/journal/libsql/embedded.js';
import { fileError, isBusy, isDamage, isOfOneCaller, journalError } from '../../../source/journal/libsql/failures.js';
import { PayloadSeal } from '../../../source/journal/payloads/payload-seal.js';
import { migrate } from '../../../source/journal/libsql/migrate.js';
import { openJournal } from '../../../source/journal/libsql/open-journal.js';
import { databaseOf, folderOf } from '../../_support/files.js';
import { newRun, output, own, seqsOf } from '../../_support/journals.js';

/** A journal whose connection is at hand, to take away its disk. */
const withConnection = (t: ExecutionContext): { readonly journal: Journal; readonly connection: Connection } => {
  const connection = new Connection(databaseOf(t));
  connection.all('PRAGMA journal_mode = WAL');
  migrate(connection);
  const journal = new EmbeddedJournal(connection, new PayloadSeal(), {});
  t.teardown(() => journal.close());
  return { journal, connection };
};

const refusal = async (t: ExecutionContext, act: Promise<unknown>): Promise<JournalError> => {
  const error = await t.throwsAsync(act, { instanceOf: JournalError });
  return error;
};

/** A file with some runs in it, all of them in its pages, that nobody has open. */
const filled = async (t: ExecutionContext): Promise<string> => {
  const path = databaseOf(t);
  const journal = await openJournal({ url: `file:${path}` });
  for (let n = 0; n < 50; n += 1) await journal.start(newRun(`run ${n}`, { input: JSON.stringify('x'.repeat(500)) }));
  await journal.close();
  const copy = `${path}.copy`;
  new Database(path).exec(`VACUUM INTO '${copy}'`);
  return copy;
};

test('a full disk refuses the commit, keeps what was there, and goes on when there is room', async (t) => {
  const { journal, connection } = withConnection(t);
  await own(journal);
  await journal.start(newRun('run'));
  const pages = Number(connection.all('PRAGMA page_count')[0]?.[0]);
  connection.all(`PRAGMA max_page_count = ${pages}`);

  const large = { runId: 'run', link: 0, events: [output(1, { payload: JSON.stringify('x'.repeat(50_000)) })] };
  const error = await refusal(t, journal.commit(large));

  t.is(error.code, 'JOURNAL_FULL');
  t.regex(error.message, /free some space/);
  t.deepEqual(await seqsOf(journal), [0]);
  connection.all(`PRAGMA max_page_count = ${pages + 100}`);
  await journal.commit(large);
  t.deepEqual(await seqsOf(journal), [0, 1]);
});

test('a run whose start was lost to a full disk never writes into the journal of another', async (t) => {
  const { journal, connection } = withConnection(t);
  await own(journal);
  const pages = Number(connection.all('PRAGMA page_count')[0]?.[0]);
  connection.all(`PRAGMA max_page_count = ${pages}`);
  const [first] = await Promise.allSettled([
    journal.start(newRun('a', { status: 'running' })),
    journal.start(newRun('too large', { input: JSON.stringify('x'.repeat(50_000)) })),
  ]);
  t.like(first, { status: 'rejected', reason: { code: 'JOURNAL_FULL' } });
  connection.all(`PRAGMA max_page_count = ${pages + 100}`);

  await journal.start(newRun('b'));
  await journal.start(newRun('a'));
  await journal.commit({ runId: 'a', link: 0, events: [output(1)] });

  t.deepEqual(await seqsOf(journal, 'a'), [0, 1]);
  t.deepEqual(await seqsOf(journal, 'b'), [0]);
});

test('nobody hears of what was lost to a full disk', async (t) => {
  const { journal, connection } = withConnection(t);
  const pages = Number(connection.all('PRAGMA page_count')[0]?.[0]);
  connection.all(`PRAGMA max_page_count = ${pages}`);
  const heard: string[] = [];
  journal.subscribe((changes) => {
    for (const change of changes) if (change.type === 'run') heard.push(change.run.id);
  });
  await Promise.allSettled([
    journal.start(newRun('a')),
    journal.start(newRun('too large', { input: JSON.stringify('x'.repeat(50_000)) })),
  ]);
  connection.all(`PRAGMA max_page_count = ${pages + 100}`);

  await journal.start(newRun('b'));

  t.deepEqual(heard, ['b']);
});

test('a read-only database is read, and refuses to be written', async (t) => {
  const { journal, connection } = withConnection(t);
  await journal.start(newRun('run'));
  connection.exec('PRAGMA query_only = ON');

  const error = await refusal(t, journal.start(newRun('other')));

  t.is(error.code, 'JOURNAL_READ_ONLY');
  t.is((await journal.run('run'))?.id, 'run');
  t.is(await journal.run('other'), undefined);
});

test('a file that is open for reading only is refused with a code', async (t) => {
  const path = await filled(t);
  const connection = new Connection(`file:${path}?mode=ro`);

  const error: unknown = t.throws(
    () => {
      connection.exec('CREATE TABLE t (x)');
    },
    { any: true },
  );

  t.is(journalError(error, path).code, 'JOURNAL_READ_ONLY');
  connection.close();
});

const damages: readonly [what: string, damage: (path: string) => void][] = [
  [
    'a text file',
    (path) => {
      writeFileSync(path, 'Dear diary, '.repeat(1000));
    },
  ],
  [
    'a file with a damaged header',
    (path) => {
      overwrite(path, 0, 'SQLite format 9\0');
    },
  ],
  [
    'a file with a damaged schema',
    (path) => {
      overwrite(path, 100, '\xff'.repeat(500));
    },
  ],
  [
    'a file that was cut',
    (path) => {
      truncateSync(path, Math.floor(statSync(path).size / 4096 / 2) * 4096);
    },
  ],
];

const overwrite = (path: string, at: number, text: string): void => {
  const file = openSync(path, 'r+');
  writeSync(file, Buffer.from(text, 'latin1'), 0, null, at);
  closeSync(file);
};

for (const [what, damage] of damages) {
  test(`${what} is refused as damaged, and left as it is`, async (t) => {
    const path = await filled(t);
    damage(path);
    const before = readFileSync(path);

    const error = await refusal(
      t,
      openJournal({ url: `file:${path}` }).then((journal) =>
        journal.events('run 49', 0, 0, 10).finally(() => journal.close()),
      ),
    );

    t.is(error.code, 'JOURNAL_CORRUPT');
    t.true(error.cause instanceof Error);
    t.deepEqual(readFileSync(path).subarray(100), before.subarray(100));
  });
}

test('a folder that is not there is named', async (t) => {
  const path = join(folderOf(t), 'missing', 'journal.db');

  const error = await refusal(t, openJournal({ url: `file:${path}` }));

  t.is(error.code, 'JOURNAL_FAILED');
  t.regex(error.message, /cannot be created.*ENOENT.*missing/);
});

test('a folder is no database', async (t) => {
  const error = await refusal(t, openJournal({ url: `file:${folderOf(t)}` }));

  t.is(error.code, 'JOURNAL_FAILED');
  t.regex(error.message, /cannot be opened/);
});

test('each result code of SQLite has a code of ours, extended ones included', (t) => {
  const codes = [5, 517, 6, 262, 8, 1032, 11, 267, 13, 14, 26, 10, 19].map((rawCode) => [
    rawCode,
    journalError(Object.assign(new Error('x'), { rawCode }), 'runs.db').code,
  ]);

  t.deepEqual(codes, [
    [5, 'JOURNAL_BUSY'],
    [517, 'JOURNAL_BUSY'],
    [6, 'JOURNAL_BUSY'],
    [262, 'JOURNAL_BUSY'],
    [8, 'JOURNAL_READ_ONLY'],
    [1032, 'JOURNAL_READ_ONLY'],
    [11, 'JOURNAL_CORRUPT'],
    [267, 'JOURNAL_CORRUPT'],
    [13, 'JOURNAL_FULL'],
    [14, 'JOURNAL_FAILED'],
    [26, 'JOURNAL_CORRUPT'],
    [10, 'JOURNAL_FAILED'],
    [19, 'JOURNAL_FAILED'],
  ]);
});

test('what the file system refuses has the code of its cause', (t) => {
  const codes = ['ENOSPC', 'EDQUOT', 'EROFS', 'EACCES', 'EPERM', 'EMFILE', 'ENFILE', 'ENOENT', 'EIO'].map((code) => [
    code,
    fileError(Object.assign(new Error(code), { code }), 'runs.db').code,
  ]);

  t.deepEqual(codes, [
    ['ENOSPC', 'JOURNAL_FULL'],
    ['EDQUOT', 'JOURNAL_FULL'],
    ['EROFS', 'JOURNAL_READ_ONLY'],
    ['EACCES', 'JOURNAL_READ_ONLY'],
    ['EPERM', 'JOURNAL_READ_ONLY'],
    ['EMFILE', 'JOURNAL_FAILED'],
    ['ENFILE', 'JOURNAL_FAILED'],
    ['ENOENT', 'JOURNAL_FAILED'],
    ['EIO', 'JOURNAL_FAILED'],
  ]);
});

test('an error is wrapped once, with its cause and the database', (t) => {
  const cause = Object.assign(new Error('disk I/O error'), { rawCode: 10 });

  const error = journalError(cause, 'runs.db');

  t.is(error.cause, cause);
  t.is(
    error.message,
    'runs.db: the file could not be read or written. Check the disk, its mount and the permissions; what was refused is tried again ' +
      'by runs (disk I/O error)',
  );
  t.is(journalError(error, 'other.db'), error);
  t.is(journalError('odd', 'runs.db').message, 'runs.db: the database refused: odd');
});

test('busy is everybody’s fault, a constraint is one caller’s, a full disk is nobody’s', (t) => {
  const raw = (rawCode: number): Error => Object.assign(new Error('x'), { rawCode });

  t.deepEqual(
    [5, 517, 6, 19, 13].map((code) => isBusy(raw(code))),
    [true, true, true, false, false],
  );
  t.deepEqual(
    [18, 19, 2067, 3091, 20, 13, 11, 10].map((code) => isOfOneCaller(raw(code))),
    [true, true, true, true, true, false, false, false],
  );
  t.true(isOfOneCaller(new RangeError('no integer')));
  t.deepEqual(
    [11, 267, 13, 26].map((code) => isDamage(raw(code))),
    [true, true, false, false],
  );
});

test('who meets a damaged page fails alone, and others of the same transaction are written', async (t) => {
  const path = await filled(t);
  const journal = await openJournal({ url: `file:${path}` });
  await own(journal);
  await journal.close();
  const database = new Database(path);
  database.exec('PRAGMA wal_checkpoint(TRUNCATE)');
  const [page] = database
    .prepare("SELECT pageno FROM dbstat WHERE name = 'tempolite_events' AND pagetype = 'leaf' ORDER BY path LIMIT 1")
    .raw(true)
    .all() as [[number]];
  database.close();
  overwrite(path, (page[0] - 1) * 4096, '\xee'.repeat(4096));
  const again = await openJournal({ url: `file:${path}` });
  t.teardown(() => again.close());

  const [fork, start] = await Promise.allSettled([
    again.fork({ run: newRun('fork'), from: 'run 0', to: 0 }),
    again.start(newRun('new')),
  ]);

  t.like(fork, { status: 'rejected', reason: { code: 'JOURNAL_CORRUPT' } });
  t.is(start.status, 'fulfilled');
  t.is((await again.run('new'))?.id, 'new');
  t.is(await again.run('fork'), undefined);
});
