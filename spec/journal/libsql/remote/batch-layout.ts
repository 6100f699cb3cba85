import test, { type ExecutionContext } from 'ava';
import type { Journal } from '../../../../source/journal/journal.js';
import { hrana } from '../../../_support/hrana/open.js';
import { leaseMs, newRun, output, own, seqsOf } from '../../../_support/journals.js';
import { openedAt } from '../../../_support/remote-journals.js';

interface Counted {
  readonly journal: Journal;
  /** How many statements were in each batch since this was asked last. */
  readonly statements: () => readonly number[];
  readonly url: string;
}

/** A worker with runs that are its own, whose statements are counted. */
const counted = async (t: ExecutionContext, runs: readonly string[]): Promise<Counted> => {
  const { http: url } = await hrana(t);
  const counts: number[] = [];
  const counting = async (request: Request): Promise<Response> => {
    const body = await request.clone().text();
    // Reads, like those that look for what others write, are no batches.
    if (body.includes('"type":"batch"')) counts.push(body.split('"stmt":').length - 1);
    return fetch(request);
  };
  const journal = await openedAt(t, url, { fetch: counting, batchesAtOnce: 1, pollMinMs: 60_000, pollMaxMs: 60_000 });
  await own(journal);
  await Promise.all(runs.map((id) => journal.start(newRun(id, { status: 'running' }))));
  counts.length = 0;
  return { journal, statements: () => counts.splice(0), url };
};

const codes = async (asked: readonly Promise<unknown>[]): Promise<readonly unknown[]> =>
  (await Promise.allSettled(asked)).map((one) =>
    one.status === 'fulfilled' ? 'written' : (one.reason as { code: unknown }).code,
  );

/** BEGIN, the mark, the proof of the worker, COMMIT, ROLLBACK. */
const around = 5;

test('events of many runs are one statement, and each commit hears its own positions', async (t) => {
  const ids = Array.from({ length: 20 }, (_, n) => `run ${n}`);
  const { journal, statements } = await counted(t, ids);
  const heard = new Map<string, number[]>();
  journal.subscribe((changes) => {
    for (const change of changes) {
      if (change.type !== 'events') continue;
      for (const { runId, position, event } of change.events) heard.set(`${runId} ${event.seq}`, [position]);
    }
  });

  await Promise.all(
    ids.map((runId, n) => journal.commit({ runId, link: 0, events: n % 2 ? [output(1)] : [output(1), output(2)] })),
  );

  t.deepEqual(statements(), [around + 1]);
  const tail = (await journal.tail(0, 100)).filter(({ event }) => event.type === 'output-emitted');
  t.is(tail.length, 30);
  t.deepEqual(new Map(tail.map(({ runId, event, position }) => [`${runId} ${event.seq}`, [position]])), heard);
  // In the order in which they were asked for.
  t.deepEqual([...new Set(tail.map(({ runId }) => runId))], ids);
});

test('starts and ends of many runs are a few statements, and each hears of its own run', async (t) => {
  const { journal, statements } = await counted(t, ['there', 'ends', 'waits']);

  const [there, fresh, child] = await Promise.all([
    journal.start(newRun('there', { input: '"other"' })),
    journal.start(newRun('fresh', { status: 'running', tags: { 'a?': '"b"' }, wakeAt: 7.5, priority: 3 })),
    journal.start(newRun('child', { parent: { runId: 'waits', key: 'child:order#0' }, onClose: 'cancel' })),
    journal.commit({
      runId: 'ends',
      link: 0,
      events: [{ type: 'run-completed', seq: 1, batch: 1, epoch: 0, at: 9 }],
      status: { status: 'completed', at: 9, detail: '{"why":"\\n"}' },
    }),
  ]);

  t.deepEqual(statements(), [around + 4]);
  t.false(there.created);
  t.true(fresh.created);
  t.true(child.created);
  t.like(there.run, { id: 'there', status: 'running' });
  t.deepEqual(await journal.run('fresh'), fresh.run);
  t.like(fresh.run, { tags: { 'a?': '"b"' }, wakeAt: 8, priority: 3 });
  t.deepEqual(await journal.run('child'), child.run);
  t.deepEqual(child.run.parent, { runId: 'waits', key: 'child:order#0' });
  t.like(await journal.run('ends'), { status: 'completed', detail: '{"why":"\\n"}', worker: undefined });
  t.like(await journal.run('waits'), { status: 'running' });
  t.deepEqual(await seqsOf(journal, 'fresh'), [0]);
  t.deepEqual(await seqsOf(journal, 'there'), [0]);
});

test('of commits that are said as one, the one at fault fails alone', async (t) => {
  const { journal, statements } = await counted(t, ['a', 'b', 'c']);

  const outcomes = await codes([
    journal.commit({ runId: 'a', link: 0, events: [output(1)] }),
    journal.commit({ runId: 'b', link: 0, events: [output(0)] }),
    journal.commit({ runId: 'c', link: 0, events: [output(1)], status: { status: 'waiting', at: 5, wakeAt: 6 } }),
  ]);

  t.deepEqual(outcomes, ['written', 'JOURNAL_FAILED', 'written']);
  // As one, one by one, and without the one at fault.
  t.deepEqual(statements(), [around + 2, around + 4, around + 3]);
  t.deepEqual(await seqsOf(journal, 'a'), [0, 1]);
  t.deepEqual(await seqsOf(journal, 'b'), [0]);
  t.deepEqual(await seqsOf(journal, 'c'), [0, 1]);
  t.like(await journal.run('c'), { status: 'waiting', wakeAt: 6 });
});

test('a commit for a run of another worker fails alone, beside those that are said as one', async (t) => {
  const { journal, url } = await counted(t, ['mine', 'also mine']);
  const other = await openedAt(t, url);
  await own(other, 'other');
  await other.start(newRun('theirs', { status: 'running' }));

  const outcomes = await codes(
    ['mine', 'theirs', 'also mine', 'nobody'].map((runId) => journal.commit({ runId, link: 0, events: [output(1)] })),
  );

  t.deepEqual(outcomes, ['written', 'JOURNAL_FENCED', 'written', 'RUN_NOT_FOUND']);
  t.deepEqual(await seqsOf(journal, 'theirs'), [0]);
});

test('states of runs that a worker takes back are a few statements, and one that is another’s fails alone', async (t) => {
  const { journal, statements, url } = await counted(t, ['a', 'b']);
  const other = await openedAt(t, url);
  await own(other, 'other');
  await other.start(newRun('theirs', { status: 'running' }));
  const commit = (status: 'waiting' | 'running', frees: boolean, ids: readonly string[]): Promise<readonly unknown[]> =>
    codes(
      ids.map((runId) =>
        journal.commit({ runId, link: 0, events: [], status: { status, at: 5, ...(frees ? { frees } : {}) } }),
      ),
    );

  t.deepEqual(await commit('waiting', true, ['a', 'b']), ['written', 'written']);
  t.like(await journal.run('a'), { status: 'waiting', worker: undefined });
  t.deepEqual(await commit('running', false, ['a', 'b']), ['written', 'written']);
  t.not((await journal.run('a'))?.worker, undefined);
  t.deepEqual(await journal.run('a'), { ...(await journal.run('b')), id: 'a' });
  t.deepEqual(statements(), [around + 2, around + 3]);

  t.deepEqual(await commit('waiting', true, ['a', 'theirs', 'b']), ['written', 'JOURNAL_FENCED', 'written']);
  t.like(await journal.run('theirs'), { status: 'running' });
});

test('all commits that are said as one fail when the worker was taken over', async (t) => {
  const { http: url } = await hrana(t);
  const [journal, other] = [await openedAt(t, url), await openedAt(t, url)];
  await own(journal, 'slow', 0);
  const ids = ['a', 'b', 'c'];
  await Promise.all(ids.map((id) => journal.start(newRun(id, { status: 'running' }))));
  await own(other, 'other', leaseMs);
  t.true(await other.expire());

  const outcomes = await codes(ids.map((runId) => journal.commit({ runId, link: 0, events: [output(1)] })));

  t.deepEqual(outcomes, ['JOURNAL_FENCED', 'JOURNAL_FENCED', 'JOURNAL_FENCED']);
  for (const id of ids) t.deepEqual(await seqsOf(other, id), [0]);
});
