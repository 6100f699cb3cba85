import { hostname } from 'node:os';
import { setImmediate } from 'node:timers/promises';
import { isDeepStrictEqual } from 'node:util';
import test, { type ExecutionContext } from 'ava';
import Database from 'libsql';
import { Tempolite } from '../../source/index.js';
import { openJournal } from '../../source/journal/libsql/open-journal.js';
import { TestClock } from '../../source/testing/index.js';
import { faultsOf } from '../_support/check-journal.js';
import { startChild } from '../_support/child.js';
import { contentOf, goldenCopy, oldSchemas, rowsOf, type OldSchema } from '../_support/golden.js';
import { workflowsOfTwo } from '../_support/golden-workflows-2.js';
import { startHrana, type HranaServer } from '../_support/hrana/server.js';
import { program } from '../_support/program.js';

/** What a file comes to that nobody was killed over. */
const upgraded = async (t: ExecutionContext, schema: OldSchema): Promise<ReturnType<typeof contentOf>> => {
  const path = goldenCopy(t, schema);
  await (await openJournal({ url: `file:${path}` })).close();
  return contentOf(path);
};

const opensWhole = async (t: ExecutionContext, url: string): Promise<void> => {
  const tempolite = await Tempolite.open({ url, worker: false });
  t.deepEqual(await tempolite.check({ deep: true }), []);
  await tempolite.close();
};

interface Told {
  readonly statements: number;
}

for (const schema of oldSchemas) {
  test(`a process that is killed before any statement of the upgrade from schema ${schema} leaves the file as it was`, async (t) => {
    const [old, whole] = [contentOf(goldenCopy(t, schema)), await upgraded(t, schema)];
    const { statements } = await program(t, 'upgrade', [`file:${goldenCopy(t, schema)}`, 'never']).message<Told>(
      (message) => 'statements' in message,
    );
    t.true(statements > 10, `${statements} statements`);

    // The upgrade from the second schema is the last part of that from the first.
    const first = schema === 1 ? 1 : statements - 2;
    for (let n = first; n <= statements; n += 1) {
      const path = goldenCopy(t, schema);
      t.is((await program(t, 'upgrade', [`file:${path}`, `statement ${n}`]).ended).signal, 'SIGKILL');
      t.true(isDeepStrictEqual(contentOf(path), old), `before statement ${n}`);
      await (await openJournal({ url: `file:${path}` })).close();
      t.true(isDeepStrictEqual(contentOf(path), whole), `opened again after statement ${n}`);
      if (n === statements) await opensWhole(t, `file:${path}`);
    }
  });

  test(`several processes upgrade a file of schema ${schema} at once, and it is upgraded once`, async (t) => {
    const path = goldenCopy(t, schema);
    const children = Array.from({ length: 4 }, () => startChild(t, './opener.js', path));
    for (const child of children) t.is(await child.line(), 'ready');

    for (const child of children) child.tell('open');

    t.deepEqual(await Promise.all(children.map((child) => child.line())), Array(4).fill('opened'));
    t.deepEqual(contentOf(path), await upgraded(t, schema));
  });

  test(`two engines of one process upgrade a file of schema ${schema} at once and share its runs`, async (t) => {
    const url = `file:${goldenCopy(t, schema)}`;
    const did: string[] = [];
    const clock = new TestClock(Date.UTC(2030, 0, 2));
    const options = { url, workflows: workflowsOfTwo((what) => did.push(what)).all, clock, closeTimeoutMs: 0 };
    const engines = await Promise.all([Tempolite.open(options), Tempolite.open(options)]);
    t.teardown(() => Promise.all(engines.map((engine) => engine.close())));

    const ends = engines.map((engine) => engine.run('sleeping').result());
    t.deepEqual(await clock.until(Promise.all(ends)), ['reminded Cid', 'reminded Cid']);

    t.deepEqual(did.sort(), [
      'call Eve 2',
      'call Eve 3',
      'prepare future',
      'remind Cid',
      ...(schema === 2 ? ['tidy'] : []),
    ]);
    await Promise.all(engines.map((engine) => engine.close()));
    t.deepEqual(await faultsOf(url), []);
  });

  test(`runs of a process that was killed under schema ${schema} are taken over after the upgrade`, async (t) => {
    const path = goldenCopy(t, schema);
    const ours = schema === 1 ? '' : 'tempolite_';
    const database = new Database(path);
    // As those releases left it: a lease that stands, of a process that does not.
    const gone = startChild(t, './opener.js', path);
    await gone.kill();
    database
      .prepare(`INSERT INTO ${ours}workers VALUES ('killed', 7, ?, ?, ?)`)
      .run([hostname(), gone.pid, Date.now() + 3_600_000]);
    database.exec(`UPDATE ${ours}fences SET last = 7; UPDATE ${ours}runs SET worker = 'killed' WHERE id = 'retrying'`);
    database.close();
    const clock = new TestClock(Date.UTC(2030, 0, 2));
    const { calling } = workflowsOfTwo(() => undefined);

    const tempolite = await Tempolite.open({ url: `file:${path}`, workflows: [calling], clock, closeTimeoutMs: 0 });
    t.teardown(() => tempolite.close());

    t.is(await clock.until(tempolite.run('retrying').result()), 'retrying/0/activity:call#0');
  });

  for (const by of ['http', 'ws'] as const) {
    test(`${by}: clients upgrade a server's database of schema ${schema} at once, and it is upgraded once`, async (t) => {
      const { path, server } = await served(t, schema);

      await Promise.all([1, 2, 3, 4].map(() => opensWhole(t, server[by])));

      t.deepEqual(rowsOf(contentOf(path)), { ...rowsOf(await upgraded(t, schema)), tempolite_writers: [] });
    });
  }

  const by = schema === 1 ? 'http' : 'ws';
  for (const fault of [
    { do: 'hang', when: 'before' },
    { do: 'hang', when: 'after' },
    { do: 'execute-late' },
  ] as const) {
    test(`${by}: a client is killed during the upgrade from schema ${schema} when its request meets ${JSON.stringify(fault)}`, async (t) => {
      const { path, server } = await served(t, schema);
      server.faults.plan(fault, { sql: 'DROP INDEX' });
      const killed = program(t, 'upgrade', [server[by], 'never']);
      while (server.faults.met === 0) await setImmediate();
      await killed.kill();

      await opensWhole(t, server[by]);
      // The request of the dead comes when another has done the work: it is refused.
      t.is(server.faults.release(), fault.do === 'execute-late' ? 1 : 0);
      await opensWhole(t, server[by]);

      t.deepEqual(rowsOf(contentOf(path)), { ...rowsOf(await upgraded(t, schema)), tempolite_writers: [] });
    });
  }
}

const served = async (
  t: ExecutionContext,
  schema: OldSchema,
): Promise<{ readonly path: string; readonly server: HranaServer }> => {
  const path = goldenCopy(t, schema);
  const server = await startHrana(path);
  t.teardown(() => server.close());
  return { path, server };
};
