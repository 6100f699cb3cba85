import test from 'ava';
import type { RunEvent } from '../../../source/journal/event.js';
import type { Journal } from '../../../source/journal/journal.js';
import { newRun, openOwned, output, seqsOf, type Subject } from '../../_support/journals.js';

const continued = (seq: number): RunEvent => ({
  type: 'run-continued',
  seq,
  batch: seq,
  epoch: 0,
  at: 3,
  payload: '"next"',
});

/** Ends the first link with one output in it. */
const goOn = (journal: Journal, version = 1): Promise<unknown> =>
  journal.commit({
    runId: 'run',
    link: 0,
    events: [output(1), continued(2)],
    next: { input: '"next"', at: 5, version },
    status: { status: 'running', at: 5 },
  });

export const links = (subject: Subject): void => {
  const { name } = subject;

  test(`${name}: the next link begins in the commit that ends the one before`, async (t) => {
    const journal = await openOwned(subject, t);

    await goOn(journal, 4);

    t.like(await journal.run('run'), { id: 'run', link: 1, version: 4, status: 'running' });
    t.deepEqual(await journal.events('run', 1, 0, 10), [
      { type: 'started', seq: 0, batch: 0, epoch: 0, at: 5, payload: '"next"' },
    ]);
    t.deepEqual(await seqsOf(journal), [0, 1, 2]);
  });

  test(`${name}: a link counts its events from 0 and has outputs of its own`, async (t) => {
    const journal = await openOwned(subject, t);
    await goOn(journal);

    await journal.commit({ runId: 'run', link: 1, events: [output(1, { payload: '"second"' })] });

    t.deepEqual(await seqsOf(journal, 'run', 1), [0, 1]);
    t.is((await journal.last('run', 0))?.type, 'run-continued');
    t.is((await journal.last('run', 1))?.type, 'output-emitted');
  });

  test(`${name}: what a link has chosen and where it went back does not hold for the next`, async (t) => {
    const journal = await openOwned(subject, t);
    const rewinds = [{ from: 1, seq: 2, at: 3, keepsSuccesses: true, automatic: false, sagas: [] }];
    await journal.commit({ runId: 'run', link: 0, events: [], versions: { change: 2 }, rewinds });
    t.like(await journal.run('run'), { versions: { change: 2 }, rewinds });

    await goOn(journal);

    const run = await journal.run('run');
    t.is(run?.versions, undefined);
    t.is(run?.rewinds, undefined);
  });

  test(`${name}: unread signals and letters are there for the next link`, async (t) => {
    const journal = await openOwned(subject, t);
    await journal.signal({ runId: 'run', name: 'go', payload: '1', at: 2 });
    await journal.request({ runId: 'run', name: 'pause', payload: '{}', at: 2 }, ['pending']);

    await goOn(journal);

    t.is((await journal.mailbox('run')).length, 1);
    t.is((await journal.letters('run')).length, 1);
  });

  test(`${name}: a link cannot end twice`, async (t) => {
    const journal = await openOwned(subject, t);
    await goOn(journal);

    await t.throwsAsync(goOn(journal));

    t.like(await journal.run('run'), { link: 1 });
    t.is((await journal.events('run', 2, 0, 10)).length, 0);
  });

  test(`${name}: a child's parent hears nothing of the end of a link that is not the last`, async (t) => {
    const journal = await openOwned(subject, t, 'parent');
    const run = newRun('run', { parent: { runId: 'parent', key: 'child:x#0' }, onClose: 'cancel' });
    await journal.commit({ runId: 'parent', link: 0, events: [], children: [run] });

    await goOn(journal);
    await journal.commit({ runId: 'run', link: 1, events: [output(1)] });

    const letters = await journal.letters('parent');
    t.deepEqual(
      letters.map(({ payload }) => (JSON.parse(payload) as { type: string; place: number }).place),
      [0, 2 ** 32],
      'places count over all links',
    );
  });
};
