import test, { type ExecutionContext } from 'ava';
import { firstValueFrom, toArray } from 'rxjs';
import { Tempolite, type TempoliteOptions } from '../../source/index.js';
import { TestClock } from '../../source/testing/index.js';
import { faultsOf } from '../_support/check-journal.js';
import { contentOf, cutTo, goldenCopy, oldSchemas, rowsOf, type OldSchema } from '../_support/golden.js';
import { workflowsOfTwo } from '../_support/golden-workflows-2.js';
import { amendment, approval, order, workflowsOfBoth } from '../_support/golden-workflows.js';
import { startHrana } from '../_support/hrana/server.js';

/** A day after the release of then was closed: one retry is overdue, one run is still to start, a week is not over. */
const aDayLater = Date.UTC(2030, 0, 2);
const endOfTheWeek = Date.UTC(2030, 0, 8, 0, 2, 1);

interface Golden {
  readonly path: string;
  readonly url: string;
  readonly clock: TestClock;
  readonly open: (options?: TempoliteOptions) => Promise<Tempolite>;
}

const drivers = ['file', 'server'] as const;

const golden = async (t: ExecutionContext, schema: OldSchema, by: (typeof drivers)[number]): Promise<Golden> => {
  const path = goldenCopy(t, schema);
  const clock = new TestClock(aDayLater);
  const server = by === 'server' ? await startHrana(path) : undefined;
  const url = server?.http ?? `file:${path}`;
  // Teardowns go from the last to the first.
  t.teardown(() => server?.close());
  const open = async (options: TempoliteOptions = {}): Promise<Tempolite> => {
    const tempolite = await Tempolite.open({ closeTimeoutMs: 0, ...options, url, clock });
    t.teardown(() => tempolite.close());
    return tempolite;
  };
  return { path, url, clock, open };
};

const statusesOfBoth = {
  completed: 'completed',
  retried: 'completed',
  failed: 'failed',
  waiting: 'waiting',
  mailed: 'waiting',
  sleeping: 'waiting',
  scheduled: 'pending',
  approved: 'completed',
};

const statusesOf = {
  1: { ...statusesOfBoth, retrying: 'running' },
  2: {
    ...statusesOfBoth,
    trip: 'waiting',
    undone: 'failed',
    parent: 'waiting',
    chain: 'waiting',
    'parent/0/child:approving#0': 'waiting',
    paused: 'paused',
    exposed: 'waiting',
    chosen: 'waiting',
    'to cancel': 'waiting',
    booked: 'waiting',
    rewound: 'completed',
    retrying: 'running',
  },
} as const;

/** Outputs of the completed run: `tea` and `cup and saucer`. */
const priced = order.lines.map((line) => ({
  line,
  due: order.due,
  cents: BigInt(line.length) * 10_000_000_000_000_000n,
}));

for (const schema of oldSchemas) {
  for (const by of drivers) {
    test(`after an upgrade from schema ${schema} all runs are there, with their states, results and outputs (${by})`, async (t) => {
      const { path, open } = await golden(t, schema, by);
      const before = contentOf(path);
      const tempolite = await open({ worker: false });
      const { ordering, approving } = workflowsOfBoth(() => undefined);

      t.deepEqual(
        Object.fromEntries((await tempolite.list()).map(({ id, status }) => [id, status])),
        statusesOf[schema],
      );
      const completed = tempolite.run('completed', ordering);
      t.deepEqual(await completed.result(), priced[1]);
      t.deepEqual(await firstValueFrom(completed.output$.pipe(toArray())), priced);
      t.like((await tempolite.list({ tags: { kind: 'golden' } }))[0], { id: 'completed', priority: 3, version: 1 });
      t.is(await tempolite.run('retried').result(), 'retried/0/activity:call#0');
      t.is(await tempolite.run('approved', approving).result(), 'READ approved by Dee');
      const error = await t.throwsAsync(tempolite.run('failed').result(), { code: 'ACTIVITY_FAILED' });
      t.like(error.cause, { name: 'RangeError', message: 'no entry here' });
      if (schema === 2) {
        t.is(await firstValueFrom(tempolite.run('exposed').exposed$('progress')), 2);
        t.like(
          (await tempolite.list()).find(({ id }) => id === 'chain'),
          { link: 1 },
        );
      }
      t.deepEqual(await tempolite.check({ deep: true }), []);
      await tempolite.close();

      t.deepEqual(cutTo(before, contentOf(path)), rowsOf(before), 'row for row, also the tables of the user');
    });

    test(`after an upgrade from schema ${schema} opening again changes nothing (${by})`, async (t) => {
      const { path, open } = await golden(t, schema, by);
      await (await open({ worker: false })).close();
      const before = contentOf(path);

      await (await open({ worker: false })).close();

      t.deepEqual(contentOf(path), before);
    });

    test(`after an upgrade from schema ${schema} runs in flight go on to their ends, nothing is done again (${by})`, async (t) => {
      const { url, clock, open } = await golden(t, schema, by);
      const did: string[] = [];
      const flows = workflowsOfTwo((what) => did.push(what), 2);
      const tempolite = await open({ workflows: flows.all });
      const run = (id: string) => tempolite.run(id);

      await run('waiting').signal(approval, 'Ida');
      t.is(await clock.until(run('waiting').result()), 'PLAN approved by Ida');
      await run('mailed').signal(amendment, { until: new Date(0) }, { idempotencyKey: 'once' });
      await run('mailed').signal(approval, 'Ann');
      t.is(await clock.until(run('mailed').result()), 'contract for Ann until 2031-01-01T00:00:00.000Z');
      t.is(await clock.until(run('retrying').result()), 'retrying/0/activity:call#0', 'the key of its first attempt');
      await run('scheduled').signal(approval, 'Joe');
      t.is(await clock.until(run('scheduled').result()), 'FUTURE approved by Joe');
      if (schema === 2) await endsOfTwo(t, tempolite, clock);
      t.is(await clock.until(run('sleeping').result()), 'reminded Cid');
      t.is(clock.now(), endOfTheWeek);

      t.deepEqual(did.sort(), [...didOfBoth, ...(schema === 2 ? didOfTwo : [])].sort());
      // Verified by the code of today: the same outputs, by the same steps.
      await run('completed').replay();
      t.is((await tempolite.start(flows.ordering, order, { id: 'completed' })).id, 'completed');
      t.deepEqual(await tempolite.check({ deep: true }), []);
      await tempolite.close();
      t.deepEqual(await faultsOf(url), []);
    });

    test(`after an upgrade from schema ${schema} runs are exported, backed up where there is a file, and pruned (${by})`, async (t) => {
      const { path, open } = await golden(t, schema, by);
      const tempolite = await open({ worker: false });
      const other = await Tempolite.open({ worker: false });
      t.teardown(() => other.close());

      for (const id of ['completed', 'mailed', 'failed']) await other.importRun(tempolite.exportRun(id));
      if (by === 'file') await tempolite.backup(`${path}.backup`);
      await tempolite.prune({ status: ['completed', 'failed'] });

      t.deepEqual(await other.run('completed').result(), priced[1]);
      t.deepEqual(
        (await tempolite.list()).map(({ id }) => id),
        Object.entries(statusesOf[schema]).flatMap(([id, status]) => (/completed|failed/.test(status) ? [] : [id])),
      );
      t.deepEqual(await tempolite.check({ deep: true }), []);
    });
  }
}

const didOfBoth = [
  'file PLAN approved by Ida',
  'call Eve 2',
  'call Eve 3',
  'prepare future',
  'file FUTURE approved by Joe',
  'remind Cid',
];

const didOfTwo = [
  'book car as trip/0/step:trip/car#0',
  'undo hotel: to Rome, flight, hotel',
  'undo flight: to Rome, flight',
  'file ERRAND approved by Kim',
  'file PAUSE approved by Hal',
  'tidy',
];

const endsOfTwo = async (t: ExecutionContext, tempolite: Tempolite, clock: TestClock): Promise<void> => {
  const run = (id: string) => tempolite.run(id);
  await run('trip').signal(approval, 'Nan');
  const error = await t.throwsAsync(clock.until(run('trip').result()), { code: 'ACTIVITY_FAILED' });
  t.like(error.cause, { message: 'no car left' });
  await run('parent/0/child:approving#0').signal(approval, 'Kim');
  t.is(await clock.until(run('parent').result()), 'the child says: ERRAND approved by Kim');
  await run('chain').signal(approval, 'Gus');
  t.is(await clock.until(run('chain').result()), '2: 2032-01-01T00:00:00.000Z', 'its letter came along');
  await run('paused').resume();
  t.is(await clock.until(run('paused').result()), 'PAUSE approved by Hal');
  for (const who of ['Ole', 'Pia']) await run('exposed').signal(approval, who);
  t.is(await clock.until(run('exposed').result()), '2 by Pia');
  await run('chosen').signal(approval, 'Lee');
  t.is(await clock.until(run('chosen').result()), 'code of version 1 by Lee', 'the version of then');
  await t.throwsAsync(clock.until(run('to cancel').result()), { code: 'RUN_CANCELLED' });
  await run('booked').signal(approval, 'Macbeth');
  t.is(await clock.until(run('booked').result()), 'booked');
  await run('rewound').replay();
};
