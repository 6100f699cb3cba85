import test from 'ava';
import { ValueError } from '../../../source/errors.js';
import type { RunCommit } from '../../../source/journal/journal.js';
import { openJournal } from '../../../source/journal/libsql/open-journal.js';
import type { RunRecord } from '../../../source/journal/run-record.js';
import { opened } from '../../_support/connections.js';
import { databaseOf } from '../../_support/files.js';
import { newRun, output, own, seqsOf } from '../../_support/journals.js';

for (const text of ['a\0b', '\0', '\ud800', 'x\udc00y', '\udc00\ud800']) {
  test(`the text ${JSON.stringify(text)} is refused, since it would come back changed`, async (t) => {
    const connection = opened(t);
    t.is(t.throws(() => connection.all('SELECT ?', [text]), { instanceOf: ValueError }).code, 'INVALID_VALUE');
    const journal = await openJournal();
    t.teardown(() => journal.close());

    const [bad, good] = await Promise.allSettled([journal.start(newRun(text)), journal.start(newRun('good'))]);

    t.like(bad, { status: 'rejected', reason: { code: 'INVALID_VALUE' } });
    t.is(good.status, 'fulfilled');
  });
}

test('integers are stored as integers, and compare with texts as such', async (t) => {
  const path = databaseOf(t);
  const journal = await openJournal({ url: `file:${path}` });
  t.teardown(() => journal.close());
  await own(journal);
  await journal.start(newRun('5', { priority: 2, wakeAt: 7.5, createdAt: 1.5, tags: { n: '5' } }));
  await journal.signal({ runId: '5', name: '5', payload: '5', at: 2.5, idempotencyKey: '5' });
  await journal.commit({
    runId: '5',
    link: 0,
    events: [output(1)],
    status: { status: 'waiting', at: 3.5, wakeAt: 9.5 },
  });

  const plain = opened(t, path);
  for (const table of ['runs', 'events', 'inbox', 'workers', 'fences'].map((name) => `tempolite_${name}`)) {
    const columns = plain.all('SELECT name, type FROM pragma_table_info(?)', [table]);
    t.true(columns.length > 1, `${table} is there`);
    for (const [column, declared] of columns) {
      const found = plain.all(`SELECT DISTINCT typeof(${String(column)}) FROM ${table}`).flat();
      const expected = [String(declared).toLowerCase(), 'null'];
      t.true(
        found.every((type) => expected.includes(String(type))),
        `${table}.${String(column)}: ${found.join()}`,
      );
    }
  }
  t.like(await journal.run('5'), { createdAt: 1, updatedAt: 3, wakeAt: 10, tags: { n: '5' } });
  t.is((await journal.runs({ tags: { n: '5' } }, { limit: 9 })).length, 1);
});

test('large integers come back exactly, and those beyond 64 bits fail alone', async (t) => {
  const journal = await openJournal();
  t.teardown(() => journal.close());
  await own(journal);
  await journal.start(newRun('run'));
  const fired = (seq: number, index: number) =>
    ({ type: 'timer-fired', seq, batch: seq, epoch: 0, at: 1, index, key: 'k', digest: 'd' }) as const;

  const [exact, tooLarge] = await Promise.allSettled([
    journal.commit({ runId: 'run', link: 0, events: [fired(1, Number.MAX_SAFE_INTEGER), fired(2, 2 ** 62)] }),
    journal.commit({ runId: 'run', link: 0, events: [fired(3, 2 ** 70)] }),
  ]);

  t.is(exact.status, 'fulfilled');
  t.like(tooLarge, { status: 'rejected', reason: { code: 'JOURNAL_FAILED' } });
  t.deepEqual(await journal.events('run', 0, 1, 9), [fired(1, Number.MAX_SAFE_INTEGER), fired(2, 2 ** 62)]);
});

test('a journal of a thousand runs is read back whole', async (t) => {
  const journal = await openJournal({ url: `file:${databaseOf(t)}` });
  t.teardown(() => journal.close());
  await own(journal);

  await Promise.all(
    Array.from({ length: 1000 }, (_, n) => [
      journal.start(newRun(`run ${n}`)),
      journal.commit({ runId: `run ${n}`, link: 0, events: [output(1)] }),
    ]).flat(),
  );

  t.is((await journal.tail(0, 5000)).length, 2000);
  t.deepEqual(await seqsOf(journal, 'run 999'), [0, 1]);
});

test('what is announced of a run is what is read of it', async (t) => {
  const journal = await openJournal();
  t.teardown(() => journal.close());
  await own(journal);
  const announced: RunRecord[] = [];
  journal.subscribe((changes) => {
    for (const change of changes) if (change.type === 'run') announced.push(change.run);
  });
  const readAfter = async (work: Promise<unknown>): Promise<void> => {
    await work;
    t.deepEqual(announced.at(-1), await journal.run('run'));
  };
  const become = (seq: number, status: RunCommit['status'], more: Partial<RunCommit> = {}): Promise<void> =>
    readAfter(journal.commit({ runId: 'run', link: 0, events: [output(seq)], ...(status ? { status } : {}), ...more }));

  await journal.start(newRun('parent'));
  const parent = { runId: 'parent', key: 'child:run#0' };
  await readAfter(
    journal.start(
      newRun('run', { status: 'running', priority: 2, createdAt: 1.5, wakeAt: 7.5, tags: { n: '5' }, parent }),
    ),
  );
  await become(1, { status: 'blocked', at: 2.5, detail: '"why"' });
  await become(2, { status: 'running', at: 3 });
  await become(3, { status: 'running', at: 4 }, { versions: { change: 1 } });
  await become(4, { status: 'waiting', at: 5, wakeAt: 9.5 });
  await become(5, { status: 'running', at: 6 });
  await become(6, { status: 'completed', at: 7 });

  t.is(announced.length, 8);
});

test('the first events of a hundred runs are written in the order of their starts, before what is appended', async (t) => {
  const journal = await openJournal();
  t.teardown(() => journal.close());
  await own(journal);
  await journal.start(newRun('owned', { status: 'running' }));
  const ids = Array.from({ length: 100 }, (_, place) => `run ${place}`);

  const commit = journal.commit({ runId: 'owned', link: 0, events: [output(1)] });
  await Promise.all([commit, ...ids.map((id) => journal.start(newRun(id)))]);

  const tail = await journal.tail(0, 1000);
  t.deepEqual(
    tail.map(({ position }) => position),
    Array.from({ length: 102 }, (_, place) => place + 1),
  );
  t.deepEqual(
    tail.map(({ runId }) => runId),
    ['owned', ...ids, 'owned'],
  );
});
