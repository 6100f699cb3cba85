import test from 'ava';
import type { Claim, Journal } from '../../../source/journal/journal.js';
import type { RunStatus } from '../../../source/journal/status.js';
import { newRun, newsOf, output, own, type Subject } from '../../_support/journals.js';

const become = (journal: Journal, id: string, status: RunStatus, wakeAt?: number): Promise<unknown> =>
  journal.commit({
    runId: id,
    link: 0,
    events: [],
    status: { status, at: 1, ...(wakeAt === undefined ? {} : { wakeAt }) },
  });

const order = [{ name: 'order', version: 1 }];

const claim = async (journal: Journal, now: number, changes: Partial<Claim> = {}): Promise<readonly string[]> =>
  (await journal.claim({ now, workflows: order, limit: 100, ...changes })).map(({ id }) => id);

export const claims = ({ name, open, openTwo }: Subject): void => {
  test(`${name}: due runs are claimed by priority, then by due time`, async (t) => {
    const journal = await open(t);
    await journal.start(newRun('later', { wakeAt: 50 }));
    await journal.start(newRun('sooner', { wakeAt: 20 }));
    await journal.start(newRun('urgent', { wakeAt: 60, priority: 1 }));
    await journal.start(newRun('not due', { wakeAt: 101 }));
    await journal.start(newRun('at once'));
    await own(journal);

    t.deepEqual(await claim(journal, 19), ['at once']);
    t.deepEqual(await claim(journal, 100), ['urgent', 'sooner', 'later']);
  });

  test(`${name}: no more runs are claimed than there is room for, the most urgent first`, async (t) => {
    const journal = await open(t);
    for (const priority of [1, 3, 2]) await journal.start(newRun(`of priority ${priority}`, { priority }));
    await own(journal);

    t.deepEqual(await claim(journal, 1, { limit: 2 }), ['of priority 3', 'of priority 2']);
    t.deepEqual(await claim(journal, 1, { limit: 2 }), ['of priority 1']);
    t.deepEqual(await claim(journal, 1, { limit: 2 }), []);
  });

  test(`${name}: runs of other workflows or versions wait for a worker that knows them`, async (t) => {
    const journal = await open(t);
    await own(journal);
    await journal.start(newRun('known', { wakeAt: 1 }));
    await journal.start(newRun('unknown', { workflow: 'tomorrow', wakeAt: 1 }));
    await journal.start(newRun('newer', { version: 2, wakeAt: 1 }));

    t.deepEqual(await claim(journal, 10, { workflows: [] }), []);
    t.deepEqual(await claim(journal, 10), ['known']);
    t.deepEqual(await claim(journal, 10, { workflows: [{ name: 'order', version: 2 }] }), ['newer']);
  });

  test(`${name}: of runs that are to go on, others are left alone`, async (t) => {
    const journal = await open(t);
    await own(journal);
    for (const status of ['running', 'waiting', 'paused', 'blocked', 'completed'] as const) {
      await journal.start(newRun(status));
      await journal.commit({ runId: status, link: 0, events: [], status: { status, at: 1, frees: true } });
    }
    await journal.start(newRun('pending'));
    const all = await journal.runs({}, { limit: 10 });

    const claimed = await Promise.all(all.map(({ id }) => journal.claimRun(id, true)));

    t.deepEqual(
      claimed.map((run) => run?.id),
      ['running', 'waiting', undefined, undefined, undefined, 'pending'],
    );
    const now = await journal.runs({}, { limit: 10 });
    t.deepEqual(
      now.map(({ id, worker }) => [id, worker !== undefined]),
      all.map(({ id }) => [id, ['running', 'waiting', 'pending'].includes(id)]),
    );
  });

  test(`${name}: a run that was claimed is written as one that was read`, async (t) => {
    const journal = await open(t);
    await own(journal);
    await journal.start(newRun('parent', { status: 'running' }));
    const parent = { runId: 'parent', key: 'child:c#0' };
    for (const id of ['pending', 'running'] as const) {
      const child = newRun(id, { parent, onClose: 'cancel', priority: 3, tags: { a: 'b' } });
      await journal.commit({ runId: 'parent', link: 0, events: [], children: [child] });
      await journal.claimRun(id, true);
      await journal.commit({
        runId: id,
        link: 0,
        events: [output(1)],
        status: { status: 'waiting', at: 7, wakeAt: 9 },
      });
    }

    const { worker: _, ...record } = (await journal.run('pending'))!;
    t.deepEqual(record, {
      id: 'pending',
      workflow: 'order',
      version: 1,
      status: 'waiting',
      link: 0,
      priority: 3,
      tags: { a: 'b' },
      inputDigest: 'digest',
      createdAt: 1,
      updatedAt: 7,
      wakeAt: 9,
      parent,
    });
    t.deepEqual(
      (await journal.inbox('parent')).letters.map(({ name: child }) => child),
      ['pending', 'running'],
      'the parent was told of what they emit',
    );
  });

  test(`${name}: a worker is told which of its runs do not wait`, async (t) => {
    const journal = await open(t);
    await journal.start(newRun("nobody's", { status: 'running' }));
    t.deepEqual(await journal.owned(), []);
    await own(journal);
    await journal.start(newRun('running', { status: 'running' }));
    for (const id of ['at once', 'waiting', 'later', 'ended']) {
      await journal.start(newRun(id));
      await journal.claimRun(id);
    }
    await become(journal, 'waiting', 'waiting', 50);
    await become(journal, 'later', 'pending', 50);
    await become(journal, 'ended', 'terminated');

    t.deepEqual([...(await journal.owned())].sort(), ['at once', 'running']);
  });

  test(`${name}: whatever a predecessor left that has something to do is claimed`, async (t) => {
    const journal = await open(t);
    await own(journal);
    const left: readonly [string, RunStatus, number?][] = [
      ['pending', 'pending'],
      ['pending, due', 'pending', 5],
      ['pending, not due', 'pending', 500],
      ['running', 'running'],
      ['waiting for a signal', 'waiting'],
      ['waiting, due', 'waiting', 5],
      ['waiting, not due', 'waiting', 500],
      ['blocked', 'blocked'],
      ['paused', 'paused'],
      ['completed', 'completed'],
      ['failed', 'failed'],
    ];
    for (const [id, status, wakeAt] of left) {
      await journal.start(newRun(id));
      await become(journal, id, status, wakeAt);
    }
    await journal.release();
    await own(journal);

    t.deepEqual([...(await claim(journal, 100))].sort(), ['pending', 'pending, due', 'running', 'waiting, due']);
    t.deepEqual([...(await claim(journal, 100, { blocked: true }))].sort(), [
      'blocked',
      'pending, due',
      'waiting, due',
    ]);
  });

  test(`${name}: a worker's own runs are claimed again when they become due`, async (t) => {
    const journal = await open(t);
    await own(journal);
    await journal.start(newRun('r'));
    await become(journal, 'r', 'waiting', 50);

    t.deepEqual(await claim(journal, 49), []);
    t.deepEqual(await claim(journal, 50), ['r']);
  });

  test(`${name}: news are the unread letters of runs that are a worker's own or nobody's`, async (t) => {
    const journal = await open(t);
    await own(journal);
    await journal.start(newRun('r'));
    const first = await journal.signal({ runId: 'r', name: 's', payload: '1', at: 1 });
    const read = await journal.signal({ runId: 'r', name: 's', payload: '2', at: 1 });
    const asked = await journal.request({ runId: 'r', name: 'pause', payload: '{}', at: 1 }, ['running', 'pending']);
    await journal.commit({ runId: 'r', link: 0, events: [], consumed: [read.signal.id] });

    const all = await newsOf(journal, 10);

    t.deepEqual(all[0], { runId: 'r', letter: first.signal });
    t.like(all[1], { runId: 'r', letter: { kind: 'control', name: 'pause', id: asked.id } });
    t.is(all.length, 2);
    t.deepEqual(await journal.news(first.signal.id, 10), all.slice(1));
    t.deepEqual(await newsOf(journal, 1), all.slice(0, 1));
    t.deepEqual(await journal.news(asked.id ?? 0, 10), []);
  });

  test(`${name}: the next wake-up is the earliest one that has not passed`, async (t) => {
    const journal = await open(t);
    await own(journal);
    t.is(await journal.nextWake(0), undefined);
    for (const [id, wakeAt] of [
      ['a', 30],
      ['b', 20],
      ['c', 10],
    ] as const)
      await journal.start(newRun(id, { wakeAt }));
    await journal.start(newRun('d'));
    await become(journal, 'd', 'completed', 15);

    t.is(await journal.nextWake(0), 10);
    t.is(await journal.nextWake(10), 20);
    t.is(await journal.nextWake(10.5), 20);
    t.is(await journal.nextWake(30), undefined);
  });

  if (!openTwo) return;

  test(`${name}: a run is claimed by one worker`, async (t) => {
    const [one, two] = await openTwo(t);
    for (let n = 0; n < 50; n += 1) await one.start(newRun(`run ${n}`));
    await Promise.all([own(one, 'one'), own(two, 'two')]);

    const claimed = await Promise.all([one, two, one, two].map((journal) => claim(journal, 1, { limit: 20 })));

    const ids = claimed.flat();
    t.is(ids.length, 50);
    t.is(new Set(ids).size, 50);
  });

  test(`${name}: a worker hears nothing of the mail and the times of another's runs`, async (t) => {
    const [one, two] = await openTwo(t);
    await own(one, 'one');
    await own(two, 'two');
    await one.start(newRun('r'));
    await become(one, 'r', 'waiting', 50);
    await two.signal({ runId: 'r', name: 's', payload: '1', at: 1 });

    t.deepEqual(await newsOf(two, 10), []);
    t.is((await newsOf(one, 10)).length, 1);
    t.is(await two.nextWake(0), undefined);
    t.is(await one.nextWake(0), 50);
    t.deepEqual(await claim(two, 100), []);
    t.is(await two.claimRun('r'), undefined);
    t.is((await one.claimRun('r'))?.id, 'r');
  });

  test(`${name}: a run that its worker frees, that ended or is blocked is nobody's`, async (t) => {
    const [one, two] = await openTwo(t);
    await own(one, 'one');
    const { id } = await own(two, 'two');
    for (const status of ['completed', 'blocked'] as const) {
      await one.start(newRun(status));
      await become(one, status, status);
    }
    await one.start(newRun('freed'));
    await one.commit({ runId: 'freed', link: 0, events: [], status: { status: 'paused', at: 1, frees: true } });

    for (const run of ['completed', 'blocked', 'freed']) t.is((await two.claimRun(run))?.worker, id);
    t.is(await two.claimRun('unheard of'), undefined);
  });

  test(`${name}: runs that are claimed at the same time are each answered for, and told apart`, async (t) => {
    const [one, two] = await openTwo(t);
    await own(one, 'one');
    const { id } = await own(two, 'two');
    for (const run of ['free', 'asked twice', 'own']) await two.start(newRun(run));
    await two.claimRun('own');
    await one.start(newRun("another's", { status: 'running' }));
    const asked = ['free', "another's", 'asked twice', 'asked twice', 'own', 'unheard of'];

    const claimed = await Promise.all([...asked.map((run) => two.claimRun(run)), two.claimRun('free', true)]);

    t.deepEqual(
      claimed.map((run) => run && [run.id, run.worker]),
      [['free', id], undefined, ['asked twice', id], ['asked twice', id], ['own', id], undefined, ['free', id]],
    );
    t.not((await two.run("another's"))?.worker, id);
  });
};
