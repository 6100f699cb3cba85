import test, { type ExecutionContext } from 'ava';
import Database from 'libsql';
import { catchError, map, merge, mergeMap, of, range, toArray, type Observable } from 'rxjs';
import { activity, awaitSignal, defineSignal, transaction, workflow, type Statement } from '../../source/index.js';
import { faultsOf } from '../_support/check-journal.js';
import { codeOf } from '../_support/code-of.js';
import { engineOf } from '../_support/engine.js';
import { fileOf } from '../_support/file-of.js';
import { databaseOf } from '../_support/folder.js';
import { program } from '../_support/program.js';

const go = defineSignal('go');

/** Asks a database that may be open elsewhere. */
const ask = (url: string, sql: string): readonly Readonly<Record<string, unknown>>[] => {
  const database = new Database(fileOf(url), { timeout: 5000 });
  try {
    return database.prepare(sql).all() as readonly Readonly<Record<string, unknown>>[];
  } finally {
    database.close();
  }
};

const prepare = (url: string, sql: string): void => {
  const database = new Database(fileOf(url), { timeout: 5000 });
  database.exec(sql);
  database.close();
};

/** A database with tables of its user's. */
const userDatabase = (t: ExecutionContext): string => {
  const url = databaseOf(t);
  prepare(
    url,
    `PRAGMA journal_mode = WAL;
     CREATE TABLE accounts (name TEXT PRIMARY KEY, balance INTEGER NOT NULL CHECK (balance >= 0));
     INSERT INTO accounts VALUES ('ada', 100), ('bob', 0);
     CREATE TABLE entries (run TEXT, n INTEGER);`,
  );
  return url;
};

const transfer = (amount: number): readonly Statement[] => [
  { sql: 'UPDATE accounts SET balance = balance + ? WHERE name = ?', args: [amount, 'bob'] },
  { sql: 'UPDATE accounts SET balance = balance - ? WHERE name = ? RETURNING balance', args: [amount, 'ada'] },
];

test("tables of the user's are changed in the run's own database, and a step that is refused leaves them alone", async (t) => {
  const url = userDatabase(t);
  const payment = workflow('payment', (amount$: Observable<number>) =>
    amount$.pipe(
      transaction('transfer', transfer, ([, ada]) => ada?.rows[0]?.['balance']),
      catchError((error: unknown) => of(codeOf(error))),
    ),
  );
  const { tempolite } = await engineOf(t, { workflows: [payment], url });

  t.is(await (await tempolite.start(payment, 70)).result(), 30);
  t.is(await (await tempolite.start(payment, 70)).result(), 'TRANSACTION_FAILED');

  t.deepEqual(ask(url, 'SELECT * FROM accounts'), [
    { name: 'ada', balance: 30 },
    { name: 'bob', balance: 70 },
  ]);
});

test('what the user sees in the tables is there exactly when the journal has its event', async (t) => {
  const url = userDatabase(t);
  const writing = workflow('writing', (n$: Observable<number>) =>
    n$.pipe(
      mergeMap((n) => range(0, n)),
      transaction(
        'write',
        (n) => ({ sql: 'INSERT INTO entries VALUES (?, ?)', args: ['w', n] }),
        (_, n) => n,
      ),
      activity('look', (n: number) => {
        // It runs after the commit: another connection sees both.
        const [row] = ask(
          url,
          `SELECT (SELECT count(*) FROM entries) AS entries,
                  (SELECT count(*) FROM tempolite_events WHERE type = 'transaction-committed') AS events`,
        );
        return { n, ...row };
      }),
      toArray(),
    ),
  );
  const { tempolite } = await engineOf(t, { workflows: [writing], url });

  const seen = await (await tempolite.start(writing, 5)).result();

  for (const { n, entries, events } of seen as { n: number; entries: number; events: number }[]) {
    t.is(entries, events);
    t.true(entries > n);
  }
});

test('a large result is refused, and then nothing of its transaction is written', async (t) => {
  const url = userDatabase(t);
  const reading = workflow('reading', (length$: Observable<number>) =>
    length$.pipe(
      transaction('read', (length) => [
        { sql: "INSERT INTO entries VALUES ('read', 1)" },
        { sql: "SELECT replace(hex(zeroblob(?)), '00', 'x') AS text", args: [length] },
      ]),
      map(([, result]) => String(result?.rows[0]?.['text']).length),
    ),
  );
  const { tempolite } = await engineOf(t, { workflows: [reading], url, maxPayloadBytes: 1000 });

  await t.throwsAsync((await tempolite.start(reading, 1000)).result(), {
    code: 'PAYLOAD_TOO_LARGE',
    message: /1000 of maxPayloadBytes/,
  });
  t.deepEqual(ask(url, 'SELECT * FROM entries'), []);

  t.is(await (await tempolite.start(reading, 800)).result(), 800);
  t.is(ask(url, 'SELECT * FROM entries').length, 1);
});

test("a trigger of the user's that rolls back everything fails its own transaction alone", async (t) => {
  const url = userDatabase(t);
  prepare(
    url,
    `CREATE TRIGGER harsh BEFORE INSERT ON entries WHEN NEW.n = 13 BEGIN SELECT RAISE(ROLLBACK, 'thirteen'); END`,
  );
  const insert = (n: number) =>
    of(n).pipe(
      transaction(`insert ${n}`, () => ({ sql: 'INSERT INTO entries VALUES (?, ?)', args: ['harsh', n] })),
      map(() => n),
      catchError((error: unknown) => of(codeOf(error))),
    );
  const risky = workflow('risky', (n$: Observable<number>) =>
    n$.pipe(mergeMap((n) => merge(insert(n), insert(13), insert(n + 1)).pipe(toArray()))),
  );
  const { tempolite } = await engineOf(t, { workflows: [risky], url });

  const runs = await Promise.all([1, 20].map((n) => tempolite.start(risky, n)));

  t.deepEqual(await Promise.all(runs.map((run) => run.result())), [
    [1, 'TRANSACTION_ENDED', 2],
    [20, 'TRANSACTION_ENDED', 21],
  ]);
  t.deepEqual(
    ask(url, 'SELECT n FROM entries ORDER BY n').map(({ n }) => n),
    [1, 2, 20, 21],
  );
});

test('a retried run keeps the transactions that had succeeded', async (t) => {
  const url = userDatabase(t);
  let isUp = false;
  const paying = workflow('paying', (amount$: Observable<number>) =>
    amount$.pipe(
      transaction('transfer', transfer),
      activity(
        'mail',
        () => {
          if (!isUp) throw new Error('down');
          return 'sent';
        },
        { retry: { maxAttempts: 1 } },
      ),
    ),
  );
  const { tempolite, clock } = await engineOf(t, { workflows: [paying], url });
  const run = await tempolite.start(paying, 70);
  await t.throwsAsync(run.result());

  isUp = true;
  await run.replay();

  t.is(await clock.until(run.result()), 'sent');
  t.is(ask(url, "SELECT balance FROM accounts WHERE name = 'bob'")[0]?.['balance'], 70);
});

test('a failed transaction is run again by a retry of its run', async (t) => {
  const url = userDatabase(t);
  const paying = workflow('paying', (amount$: Observable<number>) =>
    amount$.pipe(transaction('transfer', transfer, ([, ada]) => ada?.rows[0]?.['balance'])),
  );
  const { tempolite } = await engineOf(t, { workflows: [paying], url });
  const run = await tempolite.start(paying, 170);
  await t.throwsAsync(run.result(), { code: 'TRANSACTION_FAILED' });

  prepare(url, "UPDATE accounts SET balance = 200 WHERE name = 'ada'");
  await run.replay();

  t.is(await run.result(), 30);
});

// ── start(…, { with }) ──────────────────────────────────────────────────────────────────────────────────────────────────

const waiting = workflow('waiting', (n$: Observable<number>) => n$.pipe(awaitSignal(go, (_, n) => n)));

test('a run and what is written with it are there together, and once', async (t) => {
  const url = userDatabase(t);
  const { tempolite } = await engineOf(t, { workflows: [waiting], url });
  const entry: Statement = { sql: 'INSERT INTO entries VALUES (?, ?)', args: ['order-1', 1] };

  const run = await tempolite.start(waiting, 1, { id: 'order-1', with: entry });
  await tempolite.start(waiting, 1, { id: 'order-1', with: [entry, entry] });
  await t.throwsAsync(tempolite.start(waiting, 2, { id: 'order-1', with: entry }), { code: 'RUN_EXISTS' });

  t.is(ask(url, 'SELECT * FROM entries').length, 1);
  await run.signal(go);
  t.is(await run.result(), 1);
});

for (const [what, setUp, statement] of [
  ['a constraint', '', { sql: "INSERT INTO accounts VALUES ('bob', -1)" }],
  [
    'a deferred foreign key',
    'CREATE TABLE owned (owner TEXT REFERENCES accounts (name) DEFERRABLE INITIALLY DEFERRED)',
    { sql: "INSERT INTO owned VALUES ('nobody')" },
  ],
] as const) {
  test(`where ${what} refuses what is written with a run, there is no run, and others of the tick are`, async (t) => {
    const url = userDatabase(t);
    prepare(url, setUp);
    const { tempolite } = await engineOf(t, { workflows: [waiting], url });

    const [before, refused, after] = await Promise.allSettled([
      tempolite.start(waiting, 1, { id: 'before', with: { sql: "INSERT INTO entries VALUES ('before', 1)" } }),
      tempolite.start(waiting, 1, { id: 'refused', with: statement }),
      tempolite.start(waiting, 1, { id: 'after', with: { sql: "INSERT INTO entries VALUES ('after', 1)" } }),
    ]);

    t.deepEqual([before.status, refused.status, after.status], ['fulfilled', 'rejected', 'fulfilled']);
    t.like(refused, { reason: { code: 'TRANSACTION_FAILED' } });
    t.deepEqual((await tempolite.list()).map(({ id }) => id).sort(), ['after', 'before']);
    t.is(ask(url, 'SELECT * FROM entries').length, 2);
    t.is((await tempolite.start(waiting, 1, { id: 'refused' })).id, 'refused');
  });
}

test('statements that are none are refused before there is a run', async (t) => {
  const { tempolite } = await engineOf(t, { workflows: [waiting], url: userDatabase(t) });

  for (const wrong of [{ sql: 'COMMIT' }, { sql: 'SELECT ?' }, { sql: 'DROP TABLE tempolite_runs' }]) {
    await t.throwsAsync(tempolite.start(waiting, 1, { with: wrong }), { code: 'INVALID_ARGUMENT' });
  }

  t.deepEqual(await tempolite.list(), []);
});

// ── real kills ──────────────────────────────────────────────────────────────────────────────────────────────────────────

interface Told {
  readonly result: readonly number[];
  readonly commits: number;
}

const ledger = (t: ExecutionContext, ...args: readonly string[]): Promise<Told> =>
  program(t, 'ledger', args).message<Told>((message) => 'result' in message);

for (const when of ['before', 'after']) {
  test(`killed ${when} each commit, the user's table and the journal never show one without the other`, async (t) => {
    const { commits } = await ledger(t, databaseOf(t));
    t.true(commits > 5);

    for (let n = 1; n <= commits; n += 1) {
      const url = databaseOf(t);
      const { signal, errors } = await program(t, 'ledger', [url, when, String(n)]).ended;
      t.is(signal, 'SIGKILL', `killed ${when} commit ${n}: ${errors}`);

      const [left] = ask(
        url,
        `SELECT (SELECT count(*) FROM entries) AS entries,
                (SELECT count(*) FROM tempolite_events WHERE type = 'transaction-committed') AS events,
                (SELECT count(*) FROM orders) AS orders,
                (SELECT count(*) FROM tempolite_runs) AS runs`,
      );
      t.is(left?.['entries'], left?.['events'], `${when} commit ${n}`);
      t.is(left?.['orders'], left?.['runs'], `${when} commit ${n}`);

      t.deepEqual((await ledger(t, url)).result, [0, 1, 2]);
      t.deepEqual(
        ask(url, 'SELECT n FROM entries ORDER BY rowid').map(({ n }) => n),
        [0, 1, 2],
      );
      t.is(ask(url, 'SELECT * FROM orders').length, 1);
      t.deepEqual(await faultsOf(url), []);
    }
  });
}
