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

  test(`${name}: nobody appends without holding the database`, async (t) => {
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

  if (!openTwo) return;

  test(`${name}: a living worker keeps the database`, async (t) => {
    const [one, two] = await openTwo(t);
    await own(one, 'one');

    const error = await t.throwsAsync(own(two, 'two', leaseMs), { instanceOf: JournalError });

    t.is(error.code, 'DATABASE_IN_USE');
    t.regex(error.message, new RegExp(`worker one-\\S+ \\(process ${process.pid} on`));
    await one.renew(leaseMs, leaseMs);
    await t.throwsAsync(own(two, 'two', leaseMs + 1), { instanceOf: JournalError });
  });

  test(`${name}: a lease that ran out is taken over, and the fence grows`, async (t) => {
    const [one, two] = await openTwo(t);
    const before = await own(one, 'one');

    const after = await own(two, 'two', leaseMs + 1);

    t.true(after.fence > before.fence);
  });

  test(`${name}: a worker that was taken over writes nothing any more`, async (t) => {
    const [stale, fresh] = await openTwo(t);
    await own(stale, 'stale');
    await stale.start(newRun('run', { status: 'running' }));
    const { signal } = await stale.signal({ runId: 'run', name: 's', payload: '1', at: 1 });
    await own(fresh, 'fresh', leaseMs + 1);

    const refused = await Promise.allSettled([
      stale.commit({ runId: 'run', link: 0, events: [output(1)] }),
      stale.commit({ runId: 'run', link: 0, events: Array.from({ length: 60 }, (_, index) => output(index + 1)) }),
      stale.commit({ runId: 'run', link: 0, events: [], status: { status: 'completed', at: 1 } }),
      stale.commit({ runId: 'run', link: 0, events: [], consumed: [signal.id] }),
      stale.renew(leaseMs + 2, leaseMs),
    ]);

    for (const answer of refused) {
      t.like(answer, { status: 'rejected', reason: { code: 'JOURNAL_FENCED' } });
    }
    t.deepEqual(await seqsOf(fresh), [0]);
    t.is((await fresh.run('run'))?.status, 'running');
    t.deepEqual(await fresh.mailbox('run'), [signal]);
    await t.notThrowsAsync(fresh.commit({ runId: 'run', link: 0, events: [output(1)] }));
  });

  test(`${name}: a worker that was taken over does not free its successor's database`, async (t) => {
    const [stale, fresh] = await openTwo(t);
    await own(stale, 'stale');
    await own(fresh, 'fresh', leaseMs + 1);
    await fresh.start(newRun('run'));

    await stale.release();

    await t.notThrowsAsync(fresh.commit({ runId: 'run', link: 0, events: [output(1)] }));
  });

  test(`${name}: anybody may start runs and send signals beside the owner`, async (t) => {
    const [owner, guest] = await openTwo(t);
    await own(owner);

    await guest.start(newRun('run'));
    await guest.signal({ runId: 'run', name: 's', payload: '1', at: 1 });
    await owner.commit({ runId: 'run', link: 0, events: [output(1)] });

    t.is((await owner.mailbox('run')).length, 1);
    t.deepEqual(await seqsOf(guest), [0, 1]);
  });

  test(`${name}: a database that was let go is free at once`, async (t) => {
    const [one, two] = await openTwo(t);
    await own(one, 'one');
    await one.release();

    await t.notThrowsAsync(own(two, 'two'));
  });
};
