import { createClient } from '@libsql/client';
import { join } from 'node:path';
import test from 'ava';
import { Tempolite } from '../../source/index.js';
import { faultsOf } from '../_support/check-journal.js';
import { folderOf } from '../_support/folder.js';
import { hrana } from '../_support/hrana/open.js';
import { leaseMs, ordersIn, ordersToStart } from '../_support/orders.js';
import { program } from '../_support/program.js';

for (const by of ['http', 'ws'] as const) {
  for (const [when, n] of [
    ['before', 2],
    ['after', 5],
    ['before', 8],
  ] as const) {
    test(`${by}: a worker of a server is killed ${when} its commit ${n}; another ends its runs when the lease is over (scenario 33)`, async (t) => {
      // What is open on behalf of the dead is taken away by the server, as sqld does.
      const server = await hrana(t, { transactionMs: 500 });
      const world = join(folderOf(t), 'world');
      const client = createClient({ url: server.http });
      t.teardown(() => {
        client.close();
      });
      await client.execute('CREATE TABLE bookings (title TEXT NOT NULL)');

      const { signal } = await program(t, 'orders', [server[by], world, when, `${n}`]).ended;
      t.is(signal, 'SIGKILL');
      const { order, attempts } = ordersIn(world);
      const begun = attempts().length;
      const { rows: owners } = await client.execute('SELECT worker FROM tempolite_runs WHERE worker IS NOT NULL');
      t.true(owners.length > 0, 'there is something to take over');
      const heir = await Tempolite.open({ url: server[by], workflows: [order], leaseMs, pollMaxMs: 50 });
      t.teardown(() => heir.close());
      const results = await Promise.all(ordersToStart.map((id) => heir.run(id).result()));

      t.deepEqual(
        results,
        ordersToStart.map((id) => `${id} charged shipped`),
      );
      const keys = new Set(attempts());
      t.is(keys.size, 2 * ordersToStart.length, 'a repetition has the idempotency key of the first attempt');
      t.true(attempts().length - keys.size <= ordersToStart.length, 'only what was in flight is repeated');
      t.true(begun > 0 && begun < attempts().length, 'the heir had something to do');
      const { rows: bookings } = await client.execute('SELECT title FROM bookings ORDER BY title');
      t.deepEqual(
        bookings.map(({ title }) => title),
        ordersToStart.map((id) => `${id} charged`),
        'a transaction took place once, wherever it was when its worker died',
      );
      t.deepEqual(await heir.check(), []);
      await heir.close();
      const { rows: workers } = await client.execute('SELECT id FROM tempolite_workers');
      t.deepEqual(workers, []);
      t.deepEqual(await faultsOf(server[by]), []);
    });
  }
}
