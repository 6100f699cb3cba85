import test from 'ava';
import type { NewRun } from '../../../source/journal/run-record.js';
import type { RunStatus } from '../../../source/journal/status.js';
import { newRun, openOwned, output, type Subject } from '../../_support/journals.js';

const childOf = (parent: string, id: string, changes: Partial<NewRun> = {}): NewRun =>
  newRun(id, { parent: { runId: parent, key: `child:${id}#0` }, onClose: 'cancel', ...changes });

const started = { runId: 'run', link: 0, events: [], children: [childOf('run', 'a'), childOf('run', 'b')] } as const;

export const children = (subject: Subject): void => {
  const { name } = subject;

  test(`${name}: children are stored in the commit of their parent, with their first event`, async (t) => {
    const journal = await openOwned(subject, t);

    await journal.commit({ ...started, events: [output(1)] });

    const all = await journal.runs({ parent: 'run' }, { limit: 10 });
    t.deepEqual(
      all.map(({ id, status, parent }) => [id, status, parent]),
      ['a', 'b'].map((id) => [id, 'pending', { runId: 'run', key: `child:${id}#0` }]),
    );
    t.like(await journal.events('a', 0, 0, 10), [{ type: 'started', seq: 0, payload: '{"total":12.5}' }]);
  });

  test(`${name}: a commit that is refused starts no child`, async (t) => {
    const journal = await openOwned(subject, t);

    await t.throwsAsync(journal.commit({ ...started, events: [output(0)] }));

    t.deepEqual(await journal.runs({ parent: 'run' }, { limit: 10 }), []);
  });

  test(`${name}: a child that is there already is left as it is`, async (t) => {
    const journal = await openOwned(subject, t);
    await journal.commit(started);
    const before = await journal.run('a');

    await journal.commit({ ...started, children: [childOf('run', 'a', { input: '"other"', priority: 9 })] });

    t.deepEqual(await journal.run('a'), before);
    t.is((await journal.events('a', 0, 0, 10)).length, 1);
  });

  test(`${name}: what a child emits and its end are letters to its parent, in order, by the child's own commit`, async (t) => {
    const journal = await openOwned(subject, t);
    await journal.commit(started);

    await journal.commit({ runId: 'a', link: 0, events: [output(1), output(2)] });
    await journal.commit({
      runId: 'a',
      link: 0,
      events: [{ type: 'run-completed', seq: 3, batch: 3, epoch: 0, at: 7 }],
      status: { status: 'completed', at: 7 },
    });

    const letters = (await journal.inbox('run')).letters;
    t.deepEqual(
      letters.map(({ kind, name: from, payload, at }) => [kind, from, JSON.parse(payload) as unknown, at]),
      [
        ['child', 'a', { type: 'emitted', place: 0, payload: '1' }, 1],
        ['child', 'a', { type: 'emitted', place: 1, payload: '2' }, 1],
        ['child', 'a', { type: 'completed' }, 7],
      ],
    );
  });

  test(`${name}: an end that a retry policy takes back is no letter`, async (t) => {
    const journal = await openOwned(subject, t);
    await journal.commit(started);

    await journal.commit({
      runId: 'a',
      link: 0,
      events: [{ type: 'run-failed', seq: 1, batch: 1, epoch: 0, at: 7, payload: '"no"' }],
      status: { status: 'waiting', at: 7, wakeAt: 100 },
    });

    t.deepEqual((await journal.inbox('run')).letters, []);
  });

  for (const [status, letters] of [
    ['completed', 0],
    ['cancelled', 0],
    ['terminated', 0],
    ['failed', 1],
    ['paused', 1],
  ] satisfies (readonly [RunStatus, number])[]) {
    test(`${name}: a parent that is ${status} gets ${letters} letters of its child`, async (t) => {
      const journal = await openOwned(subject, t);
      await journal.commit(started);
      await journal.commit({ runId: 'run', link: 0, events: [], status: { status, at: 1 } });

      await journal.commit({ runId: 'a', link: 0, events: [output(1)] });

      t.is((await journal.inbox('run')).letters.length, letters);
    });
  }

  test(`${name}: what is asked of children goes with the commit; one that is at its end is asked nothing`, async (t) => {
    const journal = await openOwned(subject, t);
    await journal.commit(started);
    await journal.commit({ runId: 'b', link: 0, events: [], status: { status: 'completed', at: 1 } });

    const requests = ['a', 'b'].map((runId) => ({ runId, name: 'cancel', payload: '{}', at: 3 }));
    await journal.commit({ runId: 'run', link: 0, events: [output(1)], requests });

    t.like((await journal.inbox('a')).letters, [{ kind: 'control', name: 'cancel', at: 3 }]);
    t.deepEqual((await journal.inbox('b')).letters, []);
  });

  test(`${name}: the policies of all children that are at work are carried out at once`, async (t) => {
    const journal = await openOwned(subject, t);
    const policies = ['cancel', 'terminate', 'abandon', 'cancel'] as const;
    await journal.commit({
      ...started,
      children: policies.map((onClose, n) => childOf('run', `c${n}`, { onClose })),
    });
    await journal.commit({ runId: 'c3', link: 0, events: [], status: { status: 'failed', at: 1 } });

    await journal.commit({ runId: 'run', link: 0, events: [], closes: { at: 5, since: 0 } });

    const asked = await Promise.all(policies.map((_, n) => journal.inbox(`c${n}`)));
    t.deepEqual(
      asked.map(({ letters }) => letters.map(({ name: what, at }) => `${what} ${at}`)),
      [['cancel 5'], ['terminate 5'], [], []],
    );
  });

  test(`${name}: the policies of single children are carried out`, async (t) => {
    const journal = await openOwned(subject, t);
    const policies = ['cancel', 'terminate', 'abandon', 'cancel'] as const;
    await journal.commit({ ...started, children: policies.map((onClose, n) => childOf('run', `c${n}`, { onClose })) });

    await journal.commit({
      runId: 'run',
      link: 0,
      events: [],
      closes: { at: 5, children: ['c1', 'c2', 'c3', 'nobody'] },
    });

    const asked = await Promise.all(policies.map((_, n) => journal.inbox(`c${n}`)));
    t.deepEqual(
      asked.map(({ letters }) => letters.map(({ name: what, at }) => `${what} ${at}`)),
      [[], ['terminate 5'], [], ['cancel 5']],
    );
  });

  test(`${name}: letters that are consumed are gone, the others stay`, async (t) => {
    const journal = await openOwned(subject, t);
    await journal.commit(started);
    await journal.commit({ runId: 'a', link: 0, events: [output(1), output(2)] });
    const [first, second] = (await journal.inbox('run')).letters;

    await journal.commit({ runId: 'run', link: 0, events: [], consumed: [first?.id ?? -1] });

    t.deepEqual((await journal.inbox('run')).letters, [second]);
    t.false(await journal.isUnread(first?.id ?? -1));
    t.true(await journal.isUnread(second?.id ?? -1));
  });
};
