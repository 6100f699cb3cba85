import test from 'ava';
import type { ArchivedRun } from '../../../source/journal/archive.js';
import type { Journal } from '../../../source/journal/journal.js';
import type { NewRun } from '../../../source/journal/run-record.js';
import type { RunStatus, TerminalStatus } from '../../../source/journal/status.js';
import { newRun, output, own, type Subject } from '../../_support/journals.js';

const all: readonly TerminalStatus[] = ['completed', 'failed', 'cancelled', 'terminated'];
const anything = { statuses: all, endedBefore: 1000, keep: 0 };
const page = { after: 0, limit: 100 };

/** Starts a run and brings it to a status. */
const put = async (
  journal: Journal,
  id: string,
  status: RunStatus = 'completed',
  changes: Partial<NewRun> & { readonly at?: number } = {},
): Promise<void> => {
  const { at = 10, ...run } = changes;
  await journal.start(newRun(id, run));
  await journal.commit({ runId: id, link: 0, events: [], status: { status, at } });
};

const idsOf = async (journal: Journal): Promise<readonly string[]> =>
  (await journal.runs({}, { limit: 100 })).map(({ id }) => id);

/** Ids do not say where a run comes from, but for those of children. */
const withoutIds = (runs: readonly ArchivedRun[]) =>
  runs.map(({ events, letters, ...rest }) => ({
    ...rest,
    events: events.map((event) =>
      event.type === 'signal-received' ? { ...event, index: letters.findIndex(({ id }) => id === event.index) } : event,
    ),
    letters: letters.map(({ id: _, ...letter }) => letter),
  }));

export const care = ({ name, open }: Subject): void => {
  test(`${name}: runs that fit are taken away, with all that is theirs`, async (t) => {
    const journal = await open(t);
    await own(journal);
    await put(journal, 'done', 'completed', { input: JSON.stringify('x'.repeat(70_000)) });
    await put(journal, 'open', 'waiting');
    await put(journal, 'late', 'completed', { at: 1000 });
    await put(journal, 'failed', 'failed');

    const what = { ...anything, statuses: ['completed'] as const };
    t.deepEqual(await journal.care.pruneRuns(what, page), { runs: 1, after: undefined });

    t.deepEqual(await idsOf(journal), ['open', 'late', 'failed']);
    t.deepEqual(await journal.events('done', 0, 0, 9), []);
    t.is((await journal.tail(0, 99)).length, 3);
    t.is(await journal.care.pruneRows(100), 1);
    t.is(await journal.care.pruneRows(100), 0);
    t.deepEqual(await journal.care.pruneBig({ after: '', limit: 100 }), { payloads: 1, after: undefined });
    t.deepEqual(await journal.care.pruneRuns(what, page), { runs: 0, after: undefined });
  });

  test(`${name}: an id that was taken away can be started anew`, async (t) => {
    const journal = await open(t);
    await own(journal);
    await put(journal, 'run');
    await journal.care.pruneRuns(anything, page);

    const { created } = await journal.start(newRun('run', { input: '"new"' }));
    await journal.care.pruneRows(100);

    t.true(created);
    t.like(await journal.events('run', 0, 0, 9), [{ payload: '"new"' }]);
  });

  test(`${name}: of each workflow the newest can be kept`, async (t) => {
    const journal = await open(t);
    await own(journal);
    for (const n of [1, 2, 3, 4]) await put(journal, `a${n}`, 'completed', { workflow: 'a' });
    await put(journal, 'b1', 'completed', { workflow: 'b' });
    await put(journal, 'a5', 'waiting', { workflow: 'a' });

    t.is((await journal.care.pruneRuns({ ...anything, keep: 2 }, page)).runs, 2);

    t.deepEqual(await idsOf(journal), ['a3', 'a4', 'b1', 'a5']);
  });

  test(`${name}: pages go on where the last one ended`, async (t) => {
    const journal = await open(t);
    await own(journal);
    for (const n of [1, 2, 3, 4, 5]) await put(journal, `run ${n}`);

    const counts: number[] = [];
    for (let after: number | undefined = 0; after !== undefined;) {
      const pruned: { runs: number; after: number | undefined } = await journal.care.pruneRuns(anything, {
        after,
        limit: 2,
      });
      counts.push(pruned.runs);
      after = pruned.after;
    }
    t.deepEqual(counts, [2, 2, 1]);
    t.deepEqual(await idsOf(journal), []);
  });

  test(`${name}: rows are deleted a part at a time`, async (t) => {
    const journal = await open(t);
    await own(journal);
    await journal.start(newRun('run'));
    await journal.signal({ runId: 'run', name: 's', payload: '1', at: 1 });
    await journal.commit({
      runId: 'run',
      link: 0,
      events: [output(1), output(2), output(3)],
      exposed: [{ name: 'e', payload: '1', at: 1 }],
      status: { status: 'completed', at: 1 },
    });
    await journal.care.pruneRuns(anything, page);

    t.deepEqual(
      [await journal.care.pruneRows(3), await journal.care.pruneRows(3), await journal.care.pruneRows(3)],
      [5, 1, 0],
    );
    t.deepEqual(await journal.tail(0, 99), []);
  });

  test(`${name}: a child goes with its parent, and only if all of the family have ended`, async (t) => {
    const journal = await open(t);
    await own(journal);
    const of = (runId: string) => ({ parent: { runId, key: 'child:c#0' } });
    await put(journal, 'one', 'waiting');
    await put(journal, 'one/0/child:c#0', 'completed', of('one'));
    await put(journal, 'two', 'completed');
    await put(journal, 'two/0/child:c#0', 'completed', of('two'));
    await put(journal, 'two/0/child:c#0/0/child:c#0', 'waiting', of('two/0/child:c#0'));
    await put(journal, 'three', 'completed');
    await put(journal, 'three/0/child:c#0', 'failed', of('three'));

    t.is((await journal.care.pruneRuns({ ...anything, statuses: ['completed'] }, page)).runs, 2);

    t.false((await idsOf(journal)).some((id) => id.startsWith('three')));
    t.is((await idsOf(journal)).length, 5);
  });

  test(`${name}: a child of a link that is over can go while its parent goes on`, async (t) => {
    const journal = await open(t);
    await own(journal);
    const parent = { runId: 'run', key: 'child:c#0' };
    await journal.start(newRun('run'));
    await put(journal, 'run/0/child:c#0', 'completed', { parent });
    const continued = { type: 'run-continued', seq: 1, batch: 1, epoch: 0, at: 1, payload: '1' } as const;
    const next = { input: '1', at: 1, version: 1 };
    await journal.commit({ runId: 'run', link: 0, events: [continued], next });
    await put(journal, 'run/1/child:c#0', 'completed', { parent });
    await put(journal, 'run/1.2/child:c#0', 'completed', { parent });
    // A long id is cut: this might be of link 12.
    await put(journal, 'run/0~abcdefghijkl', 'completed', { parent });

    t.is((await journal.care.pruneRuns(anything, page)).runs, 1);

    t.deepEqual(await idsOf(journal), ['run', 'run/1/child:c#0', 'run/1.2/child:c#0', 'run/0~abcdefghijkl']);
  });

  test(`${name}: a run that is asked to go on stays`, async (t) => {
    const journal = await open(t);
    await own(journal);
    await put(journal, 'run', 'failed');
    await journal.request({ runId: 'run', name: 'replay', payload: '{}', at: 1 }, ['failed']);

    t.deepEqual(await journal.care.pruneRuns(anything, page), { runs: 0, after: undefined });
    t.deepEqual(await idsOf(journal), ['run']);
  });

  test(`${name}: a signal that a fork has from a run that is gone can be consumed again`, async (t) => {
    const journal = await open(t);
    await own(journal);
    await put(journal, 'run');

    await t.notThrowsAsync(journal.commit({ runId: 'run', link: 0, events: [output(1)], consumed: [4711] }));
  });

  test(`${name}: an archived run is written elsewhere as it was`, async (t) => {
    const [from, to] = [await open(t), await open(t)];
    await own(from);
    await own(to, 'other');
    await to.start(newRun('another'));
    await to.signal({ runId: 'another', name: 's', payload: '1', at: 1 });
    await from.start(newRun('run', { tags: { a: '1' }, priority: 2 }));
    const { signal } = await from.signal({ runId: 'run', name: 's', payload: '"read"', at: 2, idempotencyKey: 'k' });
    await from.signal({ runId: 'run', name: 's', payload: '"unread"', at: 3 });
    const header = { batch: 1, epoch: 0, at: 5 };
    await from.commit({
      runId: 'run',
      link: 0,
      events: [
        {
          type: 'signal-received',
          seq: 1,
          ...header,
          index: signal.id,
          key: 'signal:s#0',
          digest: 'd',
          payload: '"read"',
        },
        { type: 'activity-completed', seq: 2, ...header, key: 'activity:a#0', digest: 'e' },
        { type: 'run-continued', seq: 3, ...header, payload: '"next"' },
      ],
      consumed: [signal.id],
      exposed: [{ name: 'e', payload: JSON.stringify('y'.repeat(70_000)), at: 4 }],
      next: { input: '"next"', at: 6, version: 2 },
    });
    const child = newRun('run/1/child:c#0', {
      parent: { runId: 'run', key: 'child:c#0' },
      onClose: 'terminate',
      input: JSON.stringify('x'.repeat(70_000)),
    });
    await from.commit({
      runId: 'run',
      link: 1,
      events: [],
      children: [child],
      versions: { v: 3 },
      status: { status: 'waiting', at: 9, wakeAt: 99 },
    });
    await from.commit({
      runId: child.id,
      link: 0,
      events: [output(1)],
      status: { status: 'failed', at: 8, detail: '"why"' },
    });

    const archived = await from.care.archive('run', true);
    await to.care.restore(archived);

    t.is(archived.length, 2);
    t.deepEqual(withoutIds(await to.care.archive('run', true)), withoutIds(archived));
    const { worker: _, ...run } = (await from.run('run')) ?? {};
    t.deepEqual(await to.run('run'), run);
    t.deepEqual(await to.exposed('run'), await from.exposed('run'));
    t.like((await to.inbox('run')).signals, [{ payload: '"unread"' }]);
    t.is((await to.runs({ parent: 'run' }, { limit: 9 })).length, 1);
    t.false((await to.signal({ runId: 'run', name: 's', payload: '2', at: 1, idempotencyKey: 'k' })).accepted);
    t.is((await to.inbox('another')).signals.length, 1, 'nobody else has lost anything');
  });

  test(`${name}: a child is archived without its parent, and remembers it`, async (t) => {
    const [from, to] = [await open(t), await open(t)];
    await own(from);
    await from.start(newRun('run'));
    await from.start(newRun('child', { parent: { runId: 'run', key: 'child:c#0' } }));

    await to.care.restore(await from.care.archive('child', false));

    t.deepEqual(await to.run('child'), await from.run('child'));
    t.is((await to.runs({ parent: 'run' }, { limit: 9 })).length, 0);
  });

  test(`${name}: a fork is archived with the signals that it has from elsewhere`, async (t) => {
    const [from, to] = [await open(t), await open(t)];
    await own(from);
    await from.start(newRun('run'));
    const { signal } = await from.signal({ runId: 'run', name: 's', payload: '1', at: 2 });
    const event = {
      type: 'signal-received',
      seq: 1,
      batch: 1,
      epoch: 0,
      at: 5,
      index: signal.id,
      key: 'signal:s#0',
      digest: 'd',
      payload: '1',
    } as const;
    await from.commit({ runId: 'run', link: 0, events: [event], consumed: [signal.id] });
    await from.fork({ from: 'run', to: 1, run: { id: 'fork', version: 1, priority: 0, tags: {}, createdAt: 9 } });

    await to.care.restore(await from.care.archive('fork', false));

    const [restored] = await to.care.archive('fork', false);
    t.like(restored?.letters, [{ kind: 'signal', name: 's', payload: '1', consumed: true }]);
    t.like(restored?.events[1], { index: restored?.letters[0]?.id });
  });

  test(`${name}: an id that is taken is refused, and nothing of the others is written`, async (t) => {
    const journal = await open(t);
    await journal.start(newRun('a'));
    const [archived] = await journal.care.archive('a', false);
    if (!archived) throw new Error('there is no archive');
    const other = { ...archived, run: { ...archived.run, id: 'b' } };

    await t.throwsAsync(journal.care.restore([other, archived]), { code: 'RUN_EXISTS' });
    await t.throwsAsync(journal.care.restore([other, other]));

    t.deepEqual(await idsOf(journal), ['a']);
    t.deepEqual(await journal.care.archive('nobody', true), []);
  });
};
