import { createClient, type Client } from '@libsql/client';
import test, { type ExecutionContext } from 'ava';
import { isDeepStrictEqual } from 'node:util';
import type { RunEvent } from '../../../../source/journal/event.js';
import type { Journal } from '../../../../source/journal/journal.js';
import type { Statement, StatementResult } from '../../../../source/journal/statement.js';
import { defaultCodec } from '../../../../source/values/codec.js';
import { codeOf } from '../../../_support/code-of.js';
import { hrana } from '../../../_support/hrana/open.js';
import { newRun, own } from '../../../_support/journals.js';
import { openedAt } from '../../../_support/remote-journals.js';

const maxResultBytes = 1000;

for (const by of ['http', 'ws'] as const) {
  const opened = async (
    t: ExecutionContext,
    ...tables: readonly string[]
  ): Promise<{ readonly journal: Journal; readonly client: Client }> => {
    const server = await hrana(t);
    const journal = await openedAt(t, server[by]);
    await own(journal);
    await journal.start(newRun('run', { status: 'running' }));
    const client = createClient({ url: server.http });
    t.teardown(() => {
      client.close();
    });
    await client.batch([...tables], 'write');
    return { journal, client };
  };

  /** Commits several transactions at once; answers with what came of each, as the journal has it. */
  const commit = async (
    journal: Journal,
    ...transactions: readonly (readonly Statement[])[]
  ): Promise<readonly { readonly type: string; readonly value: unknown }[]> => {
    const events = transactions.map((_, place): RunEvent => ({
      type: 'transaction-committed',
      seq: place + 1,
      batch: 1,
      epoch: 0,
      at: 1,
      key: `transaction:t#${place}`,
      digest: 'd',
      payload: '',
    }));
    const written = await journal.commit({
      runId: 'run',
      link: 0,
      events,
      transactions: transactions.map((statements, place) => ({ seq: place + 1, statements, maxResultBytes })),
    });
    const read = await journal.events('run', 0, 1, 10);
    if (!isDeepStrictEqual(read, written)) throw new Error('other events are stored than were answered');
    return written.map((event) => ({
      type: event.type,
      value: 'payload' in event ? defaultCodec.decode(event.payload) : undefined,
    }));
  };

  const xs = async (client: Client): Promise<readonly unknown[]> =>
    (await client.execute('SELECT x FROM t ORDER BY id')).rows.map(({ x }) => x);

  const table = 'CREATE TABLE t (id INTEGER PRIMARY KEY, x ANY NOT NULL) STRICT';

  test(`${by}: what statements give is in the event that was written with them`, async (t) => {
    const { journal } = await opened(t, table);

    const [result] = await commit(journal, [
      {
        sql: 'INSERT INTO t (x) VALUES (?), (?), (?), (?), (?) RETURNING x',
        args: [7, 1.5, 2n ** 60n, true, new Uint8Array([0, 255])],
      },
      { sql: 'UPDATE t SET x = 1 WHERE id > 2' },
      { sql: 'SELECT count(*) AS n FROM t' },
    ]);

    const expected: readonly StatementResult[] = [
      { changes: 5, rows: [{ x: 7 }, { x: 1.5 }, { x: 2n ** 60n }, { x: 1 }, { x: new Uint8Array([0, 255]) }] },
      { changes: 3, rows: [] },
      { changes: 0, rows: [{ n: 5 }] },
    ];
    t.deepEqual(result, { type: 'transaction-committed', value: expected });
  });

  test(`${by}: a transaction that is refused fails alone, and nothing of it stays`, async (t) => {
    const { journal, client } = await opened(t, table);

    const outcomes = await commit(
      journal,
      [{ sql: "INSERT INTO t (x) VALUES ('first')" }],
      [{ sql: "INSERT INTO t (x) VALUES ('lost')" }, { sql: 'INSERT INTO t (x) VALUES (NULL)' }],
      [{ sql: "INSERT INTO t (x) VALUES ('third')" }],
    );

    t.deepEqual(
      outcomes.map(({ type }) => type),
      ['transaction-committed', 'transaction-failed', 'transaction-committed'],
    );
    t.is(codeOf(outcomes[1]?.value), 'TRANSACTION_FAILED');
    t.regex(
      (outcomes[1]?.value as Error).message,
      /^statement 2 of 2, "INSERT INTO t \(x\) VALUES \(NULL\)", was refused: NOT NULL/,
    );
    t.deepEqual(await xs(client), ['first', 'third']);
  });

  test(`${by}: a result that is too large takes its transaction back`, async (t) => {
    const { journal, client } = await opened(t, table);

    const [outcome] = await commit(journal, [
      { sql: 'INSERT INTO t (x) VALUES (?) RETURNING x', args: ['x'.repeat(2000)] },
    ]);

    t.is(codeOf(outcome?.value), 'PAYLOAD_TOO_LARGE');
    t.deepEqual(await xs(client), []);
  });

  test(`${by}: a foreign key that was deferred and is not met fails its transaction, not the others`, async (t) => {
    const { journal, client } = await opened(
      t,
      table,
      'CREATE TABLE u (x REFERENCES t (id) DEFERRABLE INITIALLY DEFERRED)',
    );

    const outcomes = await commit(
      journal,
      [{ sql: "INSERT INTO t (x) VALUES ('first')" }],
      [{ sql: 'INSERT INTO u (x) VALUES (99)' }],
    );

    t.deepEqual(
      outcomes.map(({ type }) => type),
      ['transaction-committed', 'transaction-failed'],
    );
    t.is(codeOf(outcomes[1]?.value), 'TRANSACTION_FAILED');
    t.deepEqual(await xs(client), ['first']);
  });

  test(`${by}: a trigger that rolls everything back fails its transaction, and the rest is written again`, async (t) => {
    const { journal, client } = await opened(
      t,
      table,
      "CREATE TRIGGER back BEFORE INSERT ON t WHEN NEW.x = 'bad' BEGIN SELECT RAISE(ROLLBACK, 'no'); END",
    );

    const outcomes = await commit(
      journal,
      [{ sql: "INSERT INTO t (x) VALUES ('first')" }],
      [{ sql: "INSERT INTO t (x) VALUES ('bad')" }],
    );

    t.deepEqual(
      outcomes.map(({ type }) => type),
      ['transaction-committed', 'transaction-failed'],
    );
    t.is(codeOf(outcomes[1]?.value), 'TRANSACTION_ENDED');
    t.deepEqual(await xs(client), ['first']);
  });

  test(`${by}: statements with a start are run once, when the run is new, and only if both succeed`, async (t) => {
    const { journal, client } = await opened(t, table);
    const insert = { sql: 'INSERT INTO t (x) VALUES (?)', args: ['with'] };

    t.true((await journal.start(newRun('with'), [insert])).created);
    t.false((await journal.start(newRun('with'), [insert])).created);
    const refused = journal.start(newRun('refused'), [insert, { sql: 'INSERT INTO t (x) VALUES (NULL)' }]);

    t.is(codeOf(await t.throwsAsync(refused)), 'TRANSACTION_FAILED');
    t.is(await journal.run('refused'), undefined);
    t.deepEqual(await xs(client), ['with']);
  });

  test(`${by}: a trigger that rolls back what a start brings along leaves nothing, and its neighbours alone`, async (t) => {
    const { journal, client } = await opened(
      t,
      table,
      "CREATE TRIGGER back BEFORE INSERT ON t WHEN NEW.x = 'bad' BEGIN SELECT RAISE(ROLLBACK, 'no'); END",
    );

    const [before, bad, after] = await Promise.allSettled([
      journal.start(newRun('before')),
      journal.start(newRun('bad'), [
        { sql: "INSERT INTO t (x) VALUES ('bad')" },
        { sql: "INSERT INTO t (x) VALUES ('behind')" },
      ]),
      journal.start(newRun('after')),
    ]);

    t.deepEqual([before.status, bad.status, after.status], ['fulfilled', 'rejected', 'fulfilled']);
    t.is(await journal.run('bad'), undefined);
    t.deepEqual(await xs(client), []);
  });
}
