import test from 'ava';
import type { Journal } from '../../../source/journal/journal.js';
import type { RunStatus } from '../../../source/journal/status.js';
import { newRun, own, type Subject } from '../../_support/journals.js';

const become = (journal: Journal, id: string, status: RunStatus, wakeAt?: number): Promise<unknown> =>
  journal.commit({
    runId: id,
    link: 0,
    events: [],
    status: { status, at: 1, ...(wakeAt === undefined ? {} : { wakeAt }) },
  });

const claim = async (
  journal: Journal,
  now: number,
  recover: boolean,
  workflows = ['order'],
): Promise<readonly string[]> => (await journal.claimable(now, workflows, recover)).map(({ id }) => id);

export const claims = ({ name, open }: Subject): void => {
  test(`${name}: due runs are claimed by priority, then by due time`, async (t) => {
    const journal = await open(t);
    await own(journal);
    await journal.start(newRun('later', { wakeAt: 50 }));
    await journal.start(newRun('sooner', { wakeAt: 20 }));
    await journal.start(newRun('urgent', { wakeAt: 60, priority: 1 }));
    await journal.start(newRun('not due', { wakeAt: 101 }));
    await journal.start(newRun('waiting'));
    await become(journal, 'waiting', 'waiting', 30);

    t.deepEqual(await claim(journal, 100, false), ['urgent', 'sooner', 'waiting', 'later']);
    t.deepEqual(await claim(journal, 20, false), ['sooner']);
    t.deepEqual(await claim(journal, 19, false), []);
  });

  test(`${name}: runs of other workflows wait for a worker that knows them`, async (t) => {
    const journal = await open(t);
    await journal.start(newRun('known', { wakeAt: 1 }));
    await journal.start(newRun('unknown', { workflow: 'tomorrow', wakeAt: 1 }));

    t.deepEqual(await claim(journal, 10, false), ['known']);
    t.deepEqual(await claim(journal, 10, true), ['known']);
    t.deepEqual(await claim(journal, 10, false, []), []);
  });

  test(`${name}: recovery claims whatever a predecessor left that has something to do`, async (t) => {
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
      ['waiting, with a letter', 'waiting'],
      ['blocked', 'blocked'],
      ['paused', 'paused'],
      ['completed', 'completed'],
      ['failed', 'failed'],
    ];
    for (const [id, status, wakeAt] of left) {
      await journal.start(newRun(id));
      await become(journal, id, status, wakeAt);
    }
    await journal.signal({ runId: 'waiting, with a letter', name: 's', payload: '1', at: 1 });

    t.deepEqual([...(await claim(journal, 100, true))].sort(), [
      'blocked',
      'pending',
      'pending, due',
      'running',
      'waiting, due',
      'waiting, with a letter',
    ]);
  });

  test(`${name}: a letter that was read wakes nobody`, async (t) => {
    const journal = await open(t);
    await own(journal);
    await journal.start(newRun('r'));
    const { signal } = await journal.signal({ runId: 'r', name: 's', payload: '1', at: 1 });
    await journal.commit({
      runId: 'r',
      link: 0,
      events: [],
      consumed: [signal.id],
      status: { status: 'waiting', at: 1 },
    });

    t.deepEqual(await claim(journal, 100, true), []);
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
};
