import test, { type ExecutionContext } from 'ava';
import type { Journal } from '../../../../source/journal/journal.js';
import type { Fault } from '../../../_support/hrana/faults.js';
import { hrana } from '../../../_support/hrana/open.js';
import type { HranaServer } from '../../../_support/hrana/server.js';
import { newRun, output, own } from '../../../_support/journals.js';
import { openedAt } from '../../../_support/remote-journals.js';

const big = JSON.stringify('x'.repeat(70_000));
const anything = { statuses: ['completed'], endedBefore: 1000, keep: 0 } as const;

/** A journal with ended runs, of which one has a big payload. */
const withEnded = async (t: ExecutionContext): Promise<{ readonly server: HranaServer; readonly journal: Journal }> => {
  const server = await hrana(t);
  const journal = await openedAt(t, server.http);
  await own(journal);
  for (const id of ['a', 'b']) {
    await journal.start(newRun(id, { input: big }));
    await journal.commit({ runId: id, link: 0, events: [output(1)], status: { status: 'completed', at: 10 } });
  }
  return { server, journal };
};

const lost: readonly Fault[] = [
  { do: 'cut', when: 'before' },
  { do: 'cut', when: 'after' },
];

for (const fault of lost) {
  test(`all that is to be pruned is pruned when each answer meets ${JSON.stringify(fault)}`, async (t) => {
    const { server, journal } = await withEnded(t);
    for (const sql of ['tempolite_pruned (num)', 'DELETE FROM tempolite_events', 'DELETE FROM tempolite_big_payloads'])
      server.faults.plan(fault, { sql });

    await journal.care.pruneRuns(anything, { after: 0, limit: 100 });
    let last: number;
    do last = await journal.care.pruneRows(1);
    while (last > 0);
    await journal.care.pruneBig({ after: '', limit: 100 });

    t.is(server.faults.met, 3);
    t.deepEqual(await journal.runs({}, { limit: 9 }), []);
    t.is(await journal.care.pruneRows(100), 0);
    t.deepEqual(await journal.care.pruneBig({ after: '', limit: 100 }), { payloads: 0, after: undefined });
  });

  test(`runs are restored once when the answer meets ${JSON.stringify(fault)}`, async (t) => {
    const { journal: from } = await withEnded(t);
    const archived = await from.care.archive('a', false);
    const server = await hrana(t);
    const to = await openedAt(t, server.http);
    server.faults.plan(fault, { sql: 'INSERT INTO tempolite_events' });

    await to.care.restore(archived);

    t.is(server.faults.met, 1);
    t.deepEqual(await to.care.archive('a', false), archived);
    t.like(await to.events('a', 0, 0, 9), [{ payload: big }, { type: 'output-emitted' }]);
  });
}

test('what is pruned is noticed by others', async (t) => {
  const { server, journal } = await withEnded(t);
  const other = await openedAt(t, server.http, { pollMaxMs: 20 });
  const noticed = new Promise<void>((resolve) => {
    other.subscribe((changes) => {
      if (changes.some(({ type }) => type === 'foreign')) resolve();
    });
  });
  await other.start(newRun('mine'));

  await journal.care.pruneRuns(anything, { after: 0, limit: 100 });

  await noticed;
  t.deepEqual(
    (await other.runs({}, { limit: 9 })).map(({ id }) => id),
    ['mine'],
  );
});

test('a database on a server is no file of this machine', async (t) => {
  const { journal } = await withEnded(t);

  t.is(journal.file, undefined);
});
