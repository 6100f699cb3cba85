import { createClient } from '@libsql/client';
import test from 'ava';
import { map, type Observable } from 'rxjs';
import { activity, awaitSignal, defineSignal, sleep, Tempolite, transaction, workflow } from '../../source/index.js';
import { faultsOf } from '../_support/check-journal.js';
import type { Fault } from '../_support/hrana/faults.js';
import { hrana, hranaProcess } from '../_support/hrana/open.js';
import { codeOf } from '../_support/code-of.js';
import { deferred } from '../_support/engine.js';

const approval = defineSignal<boolean>('approval');

/** A workflow with all kinds of steps; it counts what it has charged. */
const ordering = () => {
  const charged: number[] = [];
  const order = workflow('order', (total$: Observable<number>) =>
    total$.pipe(
      activity('charge', (total: number) => {
        charged.push(total);
        return Promise.resolve(total * 2);
      }),
      transaction('book', (total) => [{ sql: 'INSERT INTO bookings (total) VALUES (?)', args: [total] }]),
      map(() => 1),
      sleep('pause', '5 ms'),
      awaitSignal(approval, (approved) => approved),
      activity('ship', (approved) => Promise.resolve(approved ? 'shipped' : 'kept')),
    ),
  );
  return { charged, order };
};

const table = { sql: 'CREATE TABLE IF NOT EXISTS bookings (id INTEGER PRIMARY KEY, total INTEGER NOT NULL)' };

for (const by of ['http', 'ws'] as const) {
  const faults: readonly Fault[] = [
    { do: 'cut', when: 'before' },
    { do: 'cut', when: 'during' },
    { do: 'cut', when: 'after' },
    { do: 'fail', when: 'after' },
    { do: 'garble' },
  ];
  for (const fault of faults) {
    test.serial(
      `${by}: runs go on over a server of which every eleventh write meets ${JSON.stringify(fault)} (scenario 36)`,
      async (t) => {
        const server = await hrana(t, { transactionMs: 1000 });
        const { charged, order } = ordering();
        const tempolite = await Tempolite.open({ url: server[by], workflows: [order] });
        t.teardown(() => tempolite.close());
        for (let after = 4; after < 100; after += 11) server.faults.plan(fault, { writes: true, after });

        const runs = await Promise.all(
          [1, 2, 3, 4, 5].map((n) => tempolite.start(order, n, { id: `order-${n}`, with: table })),
        );
        await Promise.all(runs.map((run) => run.signal(approval, true)));
        const results = await Promise.all(runs.map((run) => run.result()));

        t.deepEqual(results, Array<string>(5).fill('shipped'));
        t.deepEqual([...charged].sort(), [1, 2, 3, 4, 5]);
        t.true(server.faults.met > 0);
        server.faults.clear();
        await tempolite.close();
        t.deepEqual(await faultsOf(server.http), []);
        const client = createClient({ url: server.http });
        const { rows } = await client.execute('SELECT total FROM bookings ORDER BY total');
        client.close();
        t.deepEqual(
          rows.map(({ total }) => total),
          [2, 4, 6, 8, 10],
        );
      },
    );
  }

  test(`${by}: a run is started here, executed there, and signalled from a third`, async (t) => {
    const { [by]: url } = await hranaProcess(t);
    const { order } = ordering();
    const [starter, worker, signaller] = await Promise.all([
      Tempolite.open({ url, workflows: [order], pollMaxMs: 50 }),
      Tempolite.open({ url, workflows: [order], pollMaxMs: 50 }),
      Tempolite.open({ url, workflows: [order], pollMaxMs: 50 }),
    ]);
    t.teardown(() => Promise.all([starter, worker, signaller].map((each) => each.close())));

    const run = await starter.start(order, 3, { id: 'order', with: table });
    await (await signaller.start(order, 3, { id: 'order' })).signal(approval, true);

    t.is(await run.result(), 'shipped');
  });
}

test('a server that is away for longer than the limit is told of as such, and the run goes on when it is back', async (t) => {
  const server = await hrana(t);
  const { order } = ordering();
  const tempolite = await Tempolite.open({ url: server.http, workflows: [order], unreachableMs: 50 });
  t.teardown(() => tempolite.close());
  server.faults.plan({ do: 'cut', when: 'before' }, { times: 1e9 });

  t.is(codeOf(await t.throwsAsync(tempolite.start(order, 1, { id: 'order', with: table }))), 'JOURNAL_UNREACHABLE');
  server.faults.clear();

  const run = await tempolite.start(order, 1, { id: 'order', with: table });
  await run.signal(approval, false);
  t.is(await run.result(), 'kept');
});

test('a worker that came and went between two questions of another process is noticed', async (t) => {
  const server = await hrana(t);
  const { http: url } = server;
  const echo = workflow('echo', (n$: Observable<number>) => n$);
  const onlooker = await Tempolite.open({ url, worker: false, pollMinMs: 1000 });
  t.teardown(() => onlooker.close());
  const run = await onlooker.start(echo, 7, { id: 'run' });
  const result = run.result();

  const worker = await Tempolite.open({ url, workflows: [echo] });
  await worker.run('run').result();
  await worker.close();

  t.is(await result, 7);
});

test('what others have done while this process was cut off and taken over from is noticed', async (t) => {
  const server = await hrana(t);
  const { http: url } = server;
  const began = deferred();
  const never = deferred<number>();
  const stuck = (work: () => Promise<number>) =>
    workflow('stuck', (n$: Observable<number>) => n$.pipe(activity('work', work)));
  let isCut = false;
  const cutFetch: typeof fetch = (...request) =>
    isCut ? Promise.reject(new TypeError('fetch failed')) : fetch(...request);
  const here = stuck(() => {
    began.resolve();
    return never.promise;
  });
  const cut = await Tempolite.open({ url, workflows: [here], fetch: cutFetch, leaseMs: 600, closeTimeoutMs: 0 });
  t.teardown(() => cut.close());
  const run = await cut.start(here, 1, { id: 'run' });
  const result = run.result();
  await began.promise;

  isCut = true;
  const other = await Tempolite.open({ url, workflows: [stuck(() => Promise.resolve(8))], leaseMs: 600 });
  t.is(await other.run('run').result(), 8);
  await other.close();
  isCut = false;

  t.is(await result, 8);
});
