import test from 'ava';
import type { RunEvent } from '../../../source/journal/event.js';
import type { Journal } from '../../../source/journal/journal.js';
import type { SqlValue, Statement } from '../../../source/journal/statement.js';
import { defaultCodec } from '../../../source/values/codec.js';
import { codeOf } from '../../_support/code-of.js';
import { newRun, openOwned, output, seqsOf, type Subject } from '../../_support/journals.js';

const of = (sql: string, ...args: SqlValue[]): Statement => ({ sql, args });
const table = of('CREATE TABLE t (id INTEGER PRIMARY KEY, x ANY NOT NULL UNIQUE) STRICT');
const insert = (x: SqlValue): Statement => of('INSERT INTO t (x) VALUES (?)', x);

const placeOf = (seq: number): RunEvent => ({
  type: 'transaction-committed',
  seq,
  batch: 1,
  epoch: 0,
  at: 1,
  key: `transaction:t#${seq}`,
  digest: 'd',
  payload: '',
});

/** Commits transactions from a seq on, with an output before and behind them; answers with how each is recorded. */
const commit = async (
  journal: Journal,
  seq: number,
  transactions: readonly (readonly Statement[])[],
  maxResultBytes = 1000,
): Promise<readonly { readonly type: string; readonly value: unknown }[]> => {
  const places = transactions.map((_, place) => placeOf(seq + 1 + place));
  await journal.commit({
    runId: 'run',
    link: 0,
    events: [output(seq), ...places, output(seq + 1 + places.length)],
    transactions: transactions.map((statements, place) => ({ seq: seq + 1 + place, statements, maxResultBytes })),
  });
  const written = await journal.events('run', 0, seq + 1, places.length);
  return written.map((event) => ({
    type: event.type,
    value: 'payload' in event ? defaultCodec.decode(event.payload) : undefined,
  }));
};

/** What is in the table: the database is asked by a transaction. */
const xs = async (journal: Journal, seq: number): Promise<readonly unknown[]> => {
  const [read] = await commit(journal, seq, [[of('SELECT x FROM t ORDER BY id')]]);
  const [{ rows } = { rows: [] }] = read?.value as readonly { readonly rows: readonly { readonly x: unknown }[] }[];
  return rows.map(({ x }) => x);
};

/** SQL of the user's own, with a start and in a commit. */
export const transactions = (subject: Subject): void => {
  const { name } = subject;

  if (subject.pool) {
    test(`${name}: statements with a start are refused, and there is no run`, async (t) => {
      const journal = await openOwned(subject, t);

      await t.throwsAsync(journal.start(newRun('with'), [table]), { code: 'NOT_ON_A_POOL' });

      t.is(await journal.run('with'), undefined);
    });

    test(`${name}: statements in a commit are refused by their events, and the rest is written`, async (t) => {
      const journal = await openOwned(subject, t);

      const [refused] = await commit(journal, 1, [[table]]);

      t.deepEqual([refused?.type, codeOf(refused?.value)], ['transaction-failed', 'NOT_ON_A_POOL']);
      t.deepEqual(await seqsOf(journal), [0, 1, 2, 3]);
    });
    return;
  }

  test(`${name}: statements with a start are run once, when the run is new`, async (t) => {
    const journal = await openOwned(subject, t);

    t.true((await journal.start(newRun('with'), [table, insert('with')])).created);
    t.false((await journal.start(newRun('with'), [insert('again')])).created);

    t.deepEqual(await xs(journal, 1), ['with']);
  });

  test(`${name}: a start whose statements are refused leaves nothing, and its neighbours alone`, async (t) => {
    const journal = await openOwned(subject, t);
    await journal.start(newRun('tables'), [table]);

    const answers = await Promise.allSettled([
      journal.start(newRun('one'), [insert('one')]),
      journal.start(newRun('bad'), [insert('lost'), insert('one')]),
      journal.start(newRun('two'), [insert('two')]),
    ]);

    t.deepEqual(
      answers.map((answer) => (answer.status === 'fulfilled' ? answer.value.created : codeOf(answer.reason))),
      [true, 'TRANSACTION_FAILED', true],
    );
    t.is(await journal.run('bad'), undefined);
    t.deepEqual(await journal.events('bad', 0, 0, 10), []);
    t.deepEqual(await xs(journal, 1), ['one', 'two']);
    t.true((await journal.start(newRun('bad'), [insert('three')])).created, 'its id is free');
  });

  test(`${name}: the event of a transaction has the rows and the changes of each statement`, async (t) => {
    const journal = await openOwned(subject, t);

    const [committed] = await commit(journal, 1, [
      [
        table,
        of(
          'INSERT INTO t (x) VALUES (?), (?), (?), (?) RETURNING id, x',
          7,
          -1.5,
          2n ** 60n,
          new Uint8Array([0, 255, 128]),
        ),
        of('UPDATE t SET x = ? WHERE id = 2', '"\u0001😀'),
        of('SELECT x, NULL AS none FROM t WHERE id < 3 ORDER BY id'),
        of('DELETE FROM t WHERE id > ?', 100),
      ],
    ]);

    t.deepEqual(committed, {
      type: 'transaction-committed',
      value: [
        { rows: [], changes: 0 },
        {
          rows: [
            { id: 1, x: 7 },
            { id: 2, x: -1.5 },
            { id: 3, x: 2n ** 60n },
            { id: 4, x: new Uint8Array([0, 255, 128]) },
          ],
          changes: 4,
        },
        { rows: [], changes: 1 },
        {
          rows: [
            { x: 7, none: null },
            { x: '"\u0001😀', none: null },
          ],
          changes: 0,
        },
        { rows: [], changes: 0 },
      ],
    });
    t.deepEqual(await seqsOf(journal), [0, 1, 2, 3]);
  });

  test(`${name}: a transaction that is refused leaves nothing, and its commit is written with those that are not`, async (t) => {
    const journal = await openOwned(subject, t);
    await journal.start(newRun('tables'), [table]);

    const outcomes = await commit(journal, 1, [
      [insert('first')],
      [insert('lost'), insert('first')],
      [insert('lost'), of('INSERT INTO nowhere VALUES (1)')],
      [insert('last')],
    ]);

    t.deepEqual(
      outcomes.map(({ type, value }) => [type, type === 'transaction-failed' ? codeOf(value) : undefined]),
      [
        ['transaction-committed', undefined],
        ['transaction-failed', 'TRANSACTION_FAILED'],
        ['transaction-failed', 'TRANSACTION_FAILED'],
        ['transaction-committed', undefined],
      ],
    );
    t.regex(String(outcomes[1]?.value), /statement 2 of 2, "INSERT INTO t .*UNIQUE/);
    t.deepEqual(await xs(journal, 7), ['first', 'last']);
    t.deepEqual(await seqsOf(journal), [0, 1, 2, 3, 4, 5, 6, 7, 8, 9]);
  });

  test(`${name}: a result that is too large takes its transaction back`, async (t) => {
    const journal = await openOwned(subject, t);
    await journal.start(newRun('tables'), [table]);

    const [failed] = await commit(journal, 1, [[insert('lost'), of('SELECT x FROM t')]], 20);

    t.deepEqual([failed?.type, codeOf(failed?.value)], ['transaction-failed', 'PAYLOAD_TOO_LARGE']);
    t.deepEqual(await xs(journal, 4), []);
  });

  test(`${name}: a commit that is refused takes its transactions with it`, async (t) => {
    const journal = await openOwned(subject, t);
    await journal.start(newRun('tables'), [table]);
    await commit(journal, 1, [[insert('first')]]);

    // The first place is taken.
    await t.throwsAsync(commit(journal, 3, [[insert('lost')]]));

    t.deepEqual(await xs(journal, 4), ['first']);
  });
};
