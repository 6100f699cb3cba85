import test from 'ava';
import { JournalError } from '../../../source/errors.js';
import { leaseMs, newRun, output, own, seqsOf, type Subject } from '../../_support/journals.js';

export const ownership = ({ name, open, openTwo }: Subject): void => {
  test(`${name}: the fence grows with each worker`, async (t) => {
    const journal = await open(t);

    const fences: number[] = [];
    for (const id of ['a', 'b', 'c']) {
      fences.push((await own(journal, id)).fence);
      await journal.release();
    }

    t.deepEqual(fences, [1, 2, 3]);
  });

  test(`${name}: nobody appends without being a worker`, async (t) => {
    const journal = await open(t);
    await journal.start(newRun('run'));

    for (const commit of [{ events: [output(1)] }, { events: [], status: { status: 'running', at: 1 } as const }]) {
      const error = await t.throwsAsync(journal.commit({ runId: 'run', link: 0, ...commit }), {
        instanceOf: JournalError,
      });
      t.is(error.code, 'JOURNAL_FENCED');
    }
    t.deepEqual(await seqsOf(journal), [0]);
  });

  test(`${name}: a worker that let go appends no more`, async (t) => {
    const journal = await open(t);
    await journal.start(newRun('run'));
    await own(journal);
    await journal.release();
    await journal.release();

    const error = await t.throwsAsync(journal.commit({ runId: 'run', link: 0, events: [output(1)] }), {
      instanceOf: JournalError,
    });

    t.is(error.code, 'JOURNAL_FENCED');
  });

  test(`${name}: a journal that becomes another worker lets go of the runs of the one before`, async (t) => {
    const journal = await open(t);
    await own(journal, 'before');
    await journal.start(newRun('run', { status: 'running' }));

    const { id } = await own(journal, 'after');

    t.is((await journal.run('run'))?.worker, undefined);
    t.is((await journal.claimRun('run'))?.worker, id);
  });

  if (!openTwo) return;

  test(`${name}: several workers share a database, each with runs of its own`, async (t) => {
    const [one, two] = await openTwo(t);
    const first = await own(one, 'one');
    const second = await own(two, 'two');
    await one.start(newRun('of one', { status: 'running' }));
    await two.start(newRun('of two', { status: 'running' }));

    t.true(second.fence > first.fence);
    await one.commit({ runId: 'of one', link: 0, events: [output(1)] });
    await two.commit({ runId: 'of two', link: 0, events: [output(1)] });
    const foreign = two.commit({ runId: 'of one', link: 0, events: [output(2)] });
    t.is((await t.throwsAsync(foreign, { instanceOf: JournalError })).code, 'JOURNAL_FENCED');
    t.deepEqual(await seqsOf(one, 'of one'), [0, 1]);
    t.false(await one.expire());
    t.false(await two.expire());
  });

  test(`${name}: a worker whose lease is over loses its runs, one with a lease keeps them`, async (t) => {
    const [one, two] = await openTwo(t);
    await own(one, 'one', 0);
    await one.start(newRun('run', { status: 'running' }));
    const { id } = await own(two, 'two');

    t.true(await two.expire());
    t.false(await two.expire());
    t.is((await two.claimRun('run'))?.worker, id);
    t.is((await t.throwsAsync(one.renew(leaseMs), { instanceOf: JournalError })).code, 'JOURNAL_FENCED');
  });

  test(`${name}: a lease that was renewed in time is none that is over`, async (t) => {
    const [one, two] = await openTwo(t);
    await own(one, 'one', 0);
    await own(two, 'two');

    await one.renew(leaseMs);

    t.false(await two.expire());
  });

  test(`${name}: a worker that let go by itself is noticed as gone`, async (t) => {
    const [one, two] = await openTwo(t);
    await own(one, 'one');
    await own(two, 'two');
    await one.start(newRun('run', { status: 'running' }));
    t.false(await two.expire());

    await one.release();

    t.true(await two.expire());
    t.false(await two.expire());
    t.is((await two.run('run'))?.worker, undefined);
  });

  test(`${name}: a worker that was taken over writes nothing any more`, async (t) => {
    const [stale, fresh] = await openTwo(t);
    await own(stale, 'stale', 0);
    await stale.start(newRun('run', { status: 'running' }));
    const { signal } = await stale.signal({ runId: 'run', name: 's', payload: '1', at: 1 });
    await own(fresh, 'fresh');
    await fresh.expire();
    await fresh.claimRun('run');

    const refused = await Promise.allSettled([
      stale.commit({ runId: 'run', link: 0, events: [output(1)] }),
      stale.commit({ runId: 'run', link: 0, events: Array.from({ length: 60 }, (_, index) => output(index + 1)) }),
      stale.commit({ runId: 'run', link: 0, events: [], status: { status: 'completed', at: 1 } }),
      stale.commit({ runId: 'run', link: 0, events: [], consumed: [signal.id] }),
      stale.renew(leaseMs),
    ]);

    for (const answer of refused) {
      t.like(answer, { status: 'rejected', reason: { code: 'JOURNAL_FENCED' } });
    }
    t.deepEqual(await seqsOf(fresh), [0]);
    t.is((await fresh.run('run'))?.status, 'running');
    t.deepEqual((await fresh.inbox('run')).signals, [signal]);
    await t.notThrowsAsync(fresh.commit({ runId: 'run', link: 0, events: [output(1)] }));
  });

  test(`${name}: a run that a worker starts after it was taken over is nobody's`, async (t) => {
    const [stale, fresh] = await openTwo(t);
    await own(stale, 'stale', 0);
    await own(fresh, 'fresh');
    await fresh.expire();

    const { run } = await stale.start(newRun('run', { status: 'running' }));

    t.is(run.worker, undefined);
    const claimed = await fresh.claim({ now: 1, workflows: [{ name: 'order', version: 1 }], limit: 1 });
    t.deepEqual(
      claimed.map(({ id }) => id),
      ['run'],
    );
  });

  test(`${name}: a worker that was taken over does not free its successor's runs`, async (t) => {
    const [stale, fresh] = await openTwo(t);
    await own(stale, 'stale', 0);
    await own(fresh, 'fresh');
    await fresh.expire();
    await fresh.start(newRun('run', { status: 'running' }));

    await stale.release();

    await t.notThrowsAsync(fresh.commit({ runId: 'run', link: 0, events: [output(1)] }));
  });

  test(`${name}: anybody may start runs and send signals beside the owner`, async (t) => {
    const [owner, guest] = await openTwo(t);
    await own(owner);

    await guest.start(newRun('run'));
    await guest.signal({ runId: 'run', name: 's', payload: '1', at: 1 });
    await owner.commit({ runId: 'run', link: 0, events: [output(1)] });

    t.is((await owner.inbox('run')).signals.length, 1);
    t.deepEqual(await seqsOf(guest), [0, 1]);
  });
};
