import test from 'ava';
import { newRun, own, tailOf, type Subject } from '../../_support/journals.js';

export const start = ({ name, open }: Subject): void => {
  test(`${name}: a run that was started is there with its record and its first event`, async (t) => {
    const journal = await open(t);
    const given = newRun('r', {
      priority: -3,
      version: 7,
      tags: { customer: 'ACME "quoted" 😀' },
      createdAt: 5,
      wakeAt: 9,
    });

    const { created, run } = await journal.start(given);

    t.true(created);
    t.deepEqual(run, {
      id: 'r',
      workflow: 'order',
      version: 7,
      status: 'pending',
      link: 0,
      priority: -3,
      tags: { customer: 'ACME "quoted" 😀' },
      inputDigest: 'digest',
      createdAt: 5,
      updatedAt: 5,
      wakeAt: 9,
    });
    t.deepEqual(await journal.run('r'), run);
    t.deepEqual(await journal.events('r', 0, 0, 10), [
      { type: 'started', seq: 0, batch: 0, epoch: 0, at: 5, payload: given.input },
    ]);
  });

  test(`${name}: starting again answers with the run as it is, and changes nothing`, async (t) => {
    const journal = await open(t);
    const first = await journal.start(newRun('r'));

    const second = await journal.start(
      newRun('r', { workflow: 'other', input: '"other"', priority: 5, createdAt: 99 }),
    );

    t.false(second.created);
    t.deepEqual(second.run, first.run);
    t.is((await journal.events('r', 0, 0, 10)).length, 1);
    t.is((await tailOf(journal)).length, 1);
  });

  test(`${name}: of several starts in one tick exactly one creates the run`, async (t) => {
    const journal = await open(t);

    const answers = await Promise.all([1, 2, 3].map((n) => journal.start(newRun('r', { input: String(n) }))));

    t.deepEqual(
      answers.map(({ created }) => created),
      [true, false, false],
    );
    t.like((await journal.events('r', 0, 0, 10))[0], { payload: '1' });
  });

  test(`${name}: a run may be started with or without a worker`, async (t) => {
    const journal = await open(t);

    await journal.start(newRun('before'));
    await own(journal);
    await journal.start(newRun('after', { status: 'running' }));

    t.is((await journal.run('before'))?.status, 'pending');
    t.is((await journal.run('after'))?.status, 'running');
  });

  test(`${name}: a run that was never started is undefined`, async (t) => {
    const journal = await open(t);

    t.is(await journal.run('nobody'), undefined);
    t.deepEqual(await journal.events('nobody', 0, 0, 10), []);
    t.deepEqual((await journal.inbox('nobody')).signals, []);
    t.is(await journal.lastOutput('nobody', 0), undefined);
  });
};
