import test from 'ava';
import type { Journal } from '../../../source/journal/journal.js';
import type { RunFilter } from '../../../source/journal/run-record.js';
import { mayBecome, statuses } from '../../../source/journal/status.js';
import { newRun, openOwned, output, own, type Subject } from '../../_support/journals.js';

const fill = async (journal: Journal): Promise<void> => {
  await own(journal);
  await Promise.all([
    journal.start(newRun('1', { tags: { city: 'Berlin', vip: 'yes' } })),
    journal.start(newRun('2', { workflow: 'ship', tags: { city: 'Berlin' } })),
    journal.start(newRun('3', { status: 'running', tags: { 'o\'clock "%': '😀' } })),
    journal.start(newRun('4')),
  ]);
  await journal.commit({ runId: '4', link: 0, events: [], status: { status: 'completed', at: 2 } });
};

export const runs = (subject: Subject): void => {
  const { name, open } = subject;

  const filters: readonly [what: string, filter: RunFilter, ids: readonly string[]][] = [
    ['nothing', {}, ['1', '2', '3', '4']],
    ['a workflow', { workflow: 'ship' }, ['2']],
    ['an unknown workflow', { workflow: 'nothing' }, []],
    ['a status', { status: 'pending' }, ['1', '2']],
    ['several statuses', { status: ['running', 'completed'] }, ['3', '4']],
    ['no status at all', { status: [] }, []],
    ['a tag', { tags: { city: 'Berlin' } }, ['1', '2']],
    ['several tags', { tags: { city: 'Berlin', vip: 'yes' } }, ['1']],
    ['a tag with another value', { tags: { city: 'Rome' } }, []],
    ['a tag with an odd name', { tags: { 'o\'clock "%': '😀' } }, ['3']],
    ['a workflow, a status and a tag', { workflow: 'order', status: 'pending', tags: { vip: 'yes' } }, ['1']],
  ];
  for (const [what, filter, ids] of filters) {
    test(`${name}: runs are listed by ${what}, oldest first`, async (t) => {
      const journal = await open(t);
      await fill(journal);

      const found = await journal.runs(filter, { limit: 10 });

      t.deepEqual(
        found.map(({ id }) => id),
        ids,
      );
    });
  }

  test(`${name}: pages follow each other without a gap`, async (t) => {
    const journal = await open(t);
    await fill(journal);

    const first = await journal.runs({}, { limit: 2 });
    const second = await journal.runs({}, { after: first.at(-1)!.id, limit: 2 });
    const third = await journal.runs({}, { after: second.at(-1)!.id, limit: 2 });

    t.deepEqual(
      [first, second, third].map((page) => page.map(({ id }) => id)),
      [['1', '2'], ['3', '4'], []],
    );
    t.is((await journal.runs({}, { limit: Infinity })).length, 4);
  });

  for (const status of statuses) {
    test(`${name}: the status ${status} is stored with instant, wake-up and detail`, async (t) => {
      const journal = await openOwned(subject, t);

      await journal.commit({
        runId: 'run',
        link: 0,
        events: [],
        status: { status, at: 7, wakeAt: 9, detail: '"why"' },
      });

      t.like(await journal.run('run'), { status, updatedAt: 7, wakeAt: 9, detail: '"why"' });
    });
  }

  test(`${name}: a status without wake-up and detail clears them`, async (t) => {
    const journal = await openOwned(subject, t);
    const commit = { runId: 'run', link: 0, events: [] };
    await journal.commit({ ...commit, status: { status: 'waiting', at: 1, wakeAt: 9, detail: '"why"' } });

    await journal.commit({ ...commit, status: { status: 'running', at: 2 } });

    const run = await journal.run('run');
    t.false('wakeAt' in run! || 'detail' in run!);
  });

  test(`${name}: a run goes through every legal transition`, async (t) => {
    const journal = await open(t);
    await own(journal);
    const legal = statuses.flatMap((from) =>
      statuses.filter((to) => mayBecome(from, to)).map((to) => [from, to] as const),
    );

    for (const [from, to] of legal) {
      const id = `${from} to ${to}`;
      const commit = { runId: id, link: 0, events: [] };
      await journal.start(newRun(id));
      await journal.commit({ ...commit, status: { status: from, at: 1 } });
      await journal.commit({ ...commit, status: { status: to, at: 2 } });
      t.like(await journal.run(id), { status: to, updatedAt: 2 });
    }
  });

  test(`${name}: events alone leave the record as it is`, async (t) => {
    const journal = await openOwned(subject, t);
    const before = await journal.run('run');

    await journal.commit({ runId: 'run', link: 0, events: [output(1)] });

    t.deepEqual(await journal.run('run'), before);
  });
};
