import test from 'ava';
import type { RunCommit } from '../../../source/journal/journal.js';
import { newRun, openOwned, output, seqsOf, type Subject } from '../../_support/journals.js';

const next = (link: number, seq: number, more: Partial<NonNullable<RunCommit['next']>> = {}): RunCommit => ({
  runId: 'run',
  link,
  events: [{ type: 'run-continued', seq, batch: seq, epoch: 0, at: 4, payload: '"next"' }],
  next: { input: '"next"', at: 4, version: 1, ...more },
  status: { status: 'running', at: 4 },
});

export const links = (subject: Subject): void => {
  const { name } = subject;

  test(`${name}: the end of a link and the beginning of the next are one commit, under the same id`, async (t) => {
    const journal = await openOwned(subject, t);

    await journal.commit(next(0, 1, { version: 3 }));

    t.like(await journal.run('run'), { link: 1, version: 3, status: 'running' });
    t.deepEqual(await seqsOf(journal), [0, 1]);
    t.deepEqual(await journal.events('run', 1, 0, 10), [
      { type: 'started', seq: 0, batch: 0, epoch: 0, at: 4, payload: '"next"' },
    ]);
  });

  test(`${name}: a link that has ended is not ended twice, and takes no more events`, async (t) => {
    const journal = await openOwned(subject, t);
    await journal.commit(next(0, 1));

    await t.throwsAsync(journal.commit(next(0, 2)));

    t.like(await journal.run('run'), { link: 1 });
    t.deepEqual(await seqsOf(journal, 'run', 1), [0]);
  });

  test(`${name}: each link has its own versions and rewinds, and its own last output`, async (t) => {
    const journal = await openOwned(subject, t);
    const rewinds = [{ seq: 1, from: 1, keepsSuccesses: false, sagas: [], automatic: false, at: 1 }];
    await journal.commit({ runId: 'run', link: 0, events: [output(1)], versions: { change: 2 }, rewinds });
    t.like(await journal.run('run'), { versions: { change: 2 }, rewinds });

    await journal.commit(next(0, 2));

    const run = await journal.run('run');
    t.is(run?.versions, undefined);
    t.is(run?.rewinds, undefined);
    t.is(await journal.lastOutput('run', 1), undefined);
  });

  test(`${name}: signals and letters that were not consumed are there for the next link, in order`, async (t) => {
    const journal = await openOwned(subject, t);
    for (const payload of ['1', '2', '3']) await journal.signal({ runId: 'run', name: 's', payload, at: 1 });
    const [first] = (await journal.inbox('run')).signals;
    await journal.commit({ runId: 'run', link: 0, events: [output(1)], consumed: [first?.id ?? -1] });
    await journal.request({ runId: 'run', name: 'pause', payload: '{}', at: 2 }, ['pending']);

    await journal.commit(next(0, 2));

    const payloads = (await journal.inbox('run')).signals.map(({ payload }) => payload);
    t.deepEqual(payloads, ['2', '3']);
    t.like((await journal.inbox('run')).letters, [{ name: 'pause' }]);
  });

  test(`${name}: a signal whose consumption was skipped is there for the next link, at its place`, async (t) => {
    const journal = await openOwned(subject, t);
    await journal.start(newRun('other'));
    for (const payload of ['1', '2']) await journal.signal({ runId: 'run', name: 's', payload, at: 1 });
    const [first, second] = (await journal.inbox('run')).signals;
    const { signal: foreign } = await journal.signal({ runId: 'other', name: 's', payload: '"theirs"', at: 1 });
    await journal.commit({ runId: 'other', link: 0, events: [output(1)], consumed: [foreign.id] });
    await journal.commit({
      runId: 'run',
      link: 0,
      events: [output(1)],
      consumed: [first?.id ?? -1, second?.id ?? -1],
    });

    await journal.commit(next(0, 2, { unconsumed: [first?.id ?? -1, foreign.id] }));

    t.deepEqual((await journal.inbox('run')).signals, [first]);
    t.deepEqual((await journal.inbox('other')).signals, [], 'only its own');
  });

  test(`${name}: places of a child's outputs go on growing from link to link`, async (t) => {
    const journal = await openOwned(subject, t, 'parent');
    const parent = { runId: 'parent', key: 'child:order#0' };
    await journal.commit({ runId: 'parent', link: 0, events: [], children: [newRun('run', { parent })] });
    await journal.commit({ runId: 'run', link: 0, events: [output(1)] });
    await journal.commit(next(0, 2));
    await journal.commit({ runId: 'run', link: 1, events: [output(1)] });

    const letters = (await journal.inbox('parent')).letters.map(
      ({ payload }) => JSON.parse(payload) as { place?: number },
    );

    t.is(letters.length, 2, 'the end of a link is no letter');
    t.true((letters[1]?.place ?? 0) > (letters[0]?.place ?? Infinity));
  });
};
