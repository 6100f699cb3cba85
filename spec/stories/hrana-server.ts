import { createClient, type Client, type Config } from '@libsql/client';
import test, { type ExecutionContext } from 'ava';
import type { Fault } from '../_support/hrana/faults.js';
import { hrana, hranaProcess } from '../_support/hrana/open.js';
import type { HranaServer } from '../_support/hrana/server.js';

// The server that the specs of the remote driver talk to, held against the plain client.

const clientOf = (t: ExecutionContext, url: string, more: Partial<Config> = {}): Client => {
  const client = createClient({ url, ...more });
  t.teardown(() => {
    client.close();
  });
  return client;
};

const table = 'CREATE TABLE t (id INTEGER PRIMARY KEY, x ANY UNIQUE)';

const codeOf = async (promise: Promise<unknown>): Promise<unknown> =>
  promise.then(
    () => 'none',
    (error: unknown) => (error as { code?: unknown }).code ?? (error as Error).name,
  );

for (const by of ['http', 'ws'] as const) {
  const opened = async (
    t: ExecutionContext,
    options: Parameters<typeof hrana>[1] = {},
    more: Partial<Config> = {},
  ): Promise<{ server: HranaServer; client: Client }> => {
    const server = await hrana(t, options);
    return { server, client: clientOf(t, server[by], more) };
  };
  const count = async (client: Client): Promise<unknown> =>
    (await client.execute('SELECT count(*) AS n FROM t')).rows[0]?.['n'];

  test(`${by}: values of each type come back as they were bound`, async (t) => {
    const { client } = await opened(t, {}, { intMode: 'bigint' });
    const args = [null, 2n ** 62n, 1.5, 'text 😀', new Uint8Array([0, 255])];

    const { rows, columns } = await client.execute({ sql: 'SELECT ? AS a, ? AS b, ? AS c, ? AS d, ? AS e', args });

    t.deepEqual(columns, ['a', 'b', 'c', 'd', 'e']);
    t.deepEqual(
      [0, 1, 2, 3].map((place) => rows[0]?.[place]),
      args.slice(0, 4),
    );
    t.deepEqual(new Uint8Array(rows[0]?.['e'] as ArrayBuffer), args[4] as Uint8Array);
  });

  test(`${by}: parameters have names or places`, async (t) => {
    const { client } = await opened(t);

    const { rows } = await client.execute({
      sql: 'SELECT :a AS a, @b AS b, $c AS c',
      args: { a: 'x', b: 'y', c: 'z' },
    });

    t.like(rows[0], { a: 'x', b: 'y', c: 'z' });
  });

  test(`${by}: a batch is all or nothing, and tells which statement failed`, async (t) => {
    const { client } = await opened(t);
    await client.batch([table, "INSERT INTO t VALUES (1, 'a')"], 'write');

    const torn = client.batch(
      ["INSERT INTO t VALUES (2, 'b')", "INSERT INTO t VALUES (3, 'a')", 'DELETE FROM t'],
      'write',
    );

    t.like(await t.throwsAsync(torn), { code: 'SQLITE_CONSTRAINT', statementIndex: 1 });
    t.is(await count(client), 1);
  });

  test(`${by}: rows that were changed are counted, with RETURNING as well`, async (t) => {
    const { client } = await opened(t);

    const results = await client.batch([
      table,
      "INSERT INTO t VALUES (1, 'a'), (7, 'b')",
      "UPDATE t SET x = x || '!' RETURNING id",
      'SELECT * FROM t',
    ]);

    t.deepEqual(
      results.map(({ rowsAffected }) => rowsAffected),
      [0, 2, 2, 0],
    );
    t.is(results[1]?.lastInsertRowid, 7n);
  });

  test(`${by}: an interactive transaction sees its own writes, others do not before its commit`, async (t) => {
    const { client } = await opened(t);
    await client.execute(table);

    const transaction = await client.transaction('write');
    await transaction.execute("INSERT INTO t VALUES (1, 'a')");
    const within = (await transaction.execute('SELECT count(*) AS n FROM t')).rows[0]?.['n'];
    const outside = await count(client);
    await transaction.commit();

    t.deepEqual([within, outside, await count(client)], [1, 0, 1]);
  });

  test(`${by}: a transaction that is dropped is rolled back, and its lock is free`, async (t) => {
    const { client } = await opened(t);
    await client.execute(table);
    const transaction = await client.transaction('write');
    await transaction.execute("INSERT INTO t VALUES (1, 'a')");

    transaction.close();
    await client.batch(["INSERT INTO t VALUES (2, 'b')"], 'write');

    t.is(await count(client), 1);
  });

  test(`${by}: a writer waits for the lock of another, without holding up readers`, async (t) => {
    const { client } = await opened(t);
    await client.execute(table);
    const transaction = await client.transaction('write');
    await transaction.execute("INSERT INTO t VALUES (1, 'a')");

    const waiting = client.batch(["INSERT INTO t VALUES (2, 'b')"], 'write');
    t.is(await count(client), 0);
    await transaction.commit();
    await waiting;

    t.is(await count(client), 2);
  });

  test(`${by}: a transaction that takes too long is taken away when another waits`, async (t) => {
    const { client } = await opened(t, { transactionMs: 50 });
    await client.execute(table);
    const transaction = await client.transaction('write');
    await transaction.execute("INSERT INTO t VALUES (1, 'a')");

    await client.batch(["INSERT INTO t VALUES (2, 'b')"], 'write');

    t.is(await codeOf(transaction.execute('SELECT 1')), 'TRANSACTION_TIMEOUT');
    t.is(await count(client), 1);
  });

  test(`${by}: a lock that stays is reported as busy`, async (t) => {
    const { client } = await opened(t, { busyMs: 20 });
    await client.execute(table);
    const transaction = await client.transaction('write');
    await transaction.execute("INSERT INTO t VALUES (1, 'a')");

    t.is(await codeOf(client.batch(["INSERT INTO t VALUES (2, 'b')"], 'write')), 'SQLITE_BUSY');
    transaction.close();
    await client.batch(["INSERT INTO t VALUES (3, 'c')"], 'write');

    t.is(await count(client), 1);
  });

  test(`${by}: several statements in one text, and migrations, are executed`, async (t) => {
    const { client } = await opened(t);

    await client.executeMultiple(`${table}; INSERT INTO t VALUES (1, 'a');`);
    await client.migrate(["INSERT INTO t VALUES (2, 'b')"]);

    t.is(await count(client), 2);
  });

  test(`${by}: more SQL texts than a client stores are executed`, async (t) => {
    const { client } = await opened(t);
    const texts = Array.from({ length: 240 }, (_, n) => `SELECT ${n} AS n`);

    for (let round = 0; round < 2; round += 1) {
      const results = await client.batch([...texts, ...texts]);
      t.deepEqual(
        results.map(({ rows }) => rows[0]?.['n']),
        [...texts, ...texts].map((_, place) => place % 240),
      );
    }
  });

  test(`${by}: without the token nothing is served`, async (t) => {
    const { server, client } = await opened(t, { token: 'secret' }, { authToken: 'secret' });

    t.is((await client.execute('SELECT 1 AS n')).rows[0]?.['n'], 1);
    t.not(await codeOf(clientOf(t, server[by], { authToken: 'other' }).execute('SELECT 1')), 'none');
    t.not(await codeOf(clientOf(t, server[by]).execute('SELECT 1')), 'none');
  });

  const written: readonly [Fault, unknown][] = [
    [{ do: 'cut', when: 'before' }, 1],
    [{ do: 'cut', when: 'during' }, 1],
    [{ do: 'cut', when: 'after' }, 2],
    [{ do: 'fail', when: 'before' }, 1],
    [{ do: 'fail', when: 'after' }, 2],
    [{ do: 'garble' }, 2],
    [{ do: 'busy' }, 1],
  ];
  for (const [fault, rows] of written) {
    test(`${by}: a client that meets ${JSON.stringify(fault)} gets an error; ${String(rows)} rows are there`, async (t) => {
      const { server, client } = await opened(t);
      await client.batch([table, "INSERT INTO t VALUES (1, 'a')"], 'write');
      server.faults.plan(fault, { writes: true });

      t.not(await codeOf(client.batch(["INSERT INTO t VALUES (2, 'b')", 'SELECT 1'], 'write')), 'none');

      t.is(await count(clientOf(t, server[by])), rows);
      t.is(server.faults.met, 1);
    });
  }

  test(`${by}: an answer that hangs never comes, what was asked is written`, async (t) => {
    const { server, client } = await opened(t);
    await client.execute(table);
    server.faults.plan({ do: 'hang', when: 'after' }, { sql: 'INSERT' });
    let settled = false;
    void codeOf(client.batch(["INSERT INTO t VALUES (2, 'b')"], 'write')).then(() => {
      settled = true;
    });

    const other = clientOf(t, server[by]);
    while ((await count(other)) === 0);

    t.false(settled);
  });

  test(`${by}: what is executed late is written after what was asked later`, async (t) => {
    const { server, client } = await opened(t);
    await client.execute(table);
    server.faults.plan({ do: 'execute-late' }, { sql: "'late'" });

    const late = client.execute("INSERT INTO t VALUES (NULL, 'late')");
    await client.execute("INSERT INTO t VALUES (NULL, 'next')");
    while (server.faults.release() === 0) await count(client);
    await late;

    const { rows } = await client.execute('SELECT x FROM t ORDER BY id');
    t.deepEqual(
      rows.map(({ x }) => x),
      ['next', 'late'],
    );
  });

  test(`${by}: the way there and back takes as long as it was told to`, async (t) => {
    const { client } = await opened(t, { latencyMs: 60 });
    await client.execute('SELECT 1');
    const since = performance.now();

    await client.batch(['SELECT 1', 'SELECT 2', 'SELECT 3']);

    t.true(performance.now() - since >= 59);
  });
}

test('http: a stream that nothing is asked of expires, and its transaction with it', async (t) => {
  const { http } = await hrana(t, { streamIdleMs: 20 });
  const client = clientOf(t, http);
  await client.execute(table);
  const transaction = await client.transaction('write');
  await transaction.execute("INSERT INTO t VALUES (1, 'a')");

  // The lock is free when it has expired.
  await client.batch(["INSERT INTO t VALUES (2, 'b')"], 'write');
  const code = await codeOf(transaction.execute('SELECT 1'));

  t.is(code, 'STREAM_EXPIRED');
  t.is((await client.execute('SELECT x FROM t')).rows.length, 1);
});

test('ws: answers that come in another order reach who asked', async (t) => {
  const server = await hrana(t);
  const client = clientOf(t, server.ws);
  await client.execute('SELECT 1');
  server.faults.plan({ do: 'reorder' }, { sql: "'first'" });
  const order: unknown[] = [];

  await Promise.all(
    ['first', 'second'].map(async (text) => {
      order.push((await client.execute(`SELECT '${text}' AS x`)).rows[0]?.['x']);
    }),
  );

  t.deepEqual(order, ['second', 'first']);
});

test('a server in a process of its own serves http and web sockets over one file', async (t) => {
  const { http, ws } = await hranaProcess(t);

  await clientOf(t, http).batch([table, "INSERT INTO t VALUES (1, 'a')"], 'write');

  t.is((await clientOf(t, ws).execute('SELECT x FROM t')).rows[0]?.['x'], 'a');
});
