import test from 'ava';
import type { Journal } from '../../../source/journal/journal.js';
import { openJournal } from '../../../source/journal/libsql/open-journal.js';
import type { RunStatus } from '../../../source/journal/status.js';
import { databaseOf } from '../../_support/files.js';
import { newRun, output, own } from '../../_support/journals.js';

const become = (journal: Journal, status: RunStatus): Promise<unknown> =>
  journal.commit({ runId: 'run', link: 0, events: [], status: { status, at: 1 } });

test('a run is known as executed here from its start or claim on, until it waits or ends', async (t) => {
  const journal = await openJournal({ url: ':memory:' });
  t.teardown(() => journal.close());
  const known = (): unknown => journal.isRunningHere?.('run');
  t.false(known());
  await own(journal);
  await journal.start(newRun('run', { status: 'running' }));
  t.true(known());

  await become(journal, 'waiting');
  t.false(known());
  await become(journal, 'running');
  t.true(known());
  await become(journal, 'paused');
  t.false(known());
  await become(journal, 'running');
  await become(journal, 'completed');
  t.false(known());
});

test('a start that came to nothing is not known', async (t) => {
  const journal = await openJournal({ url: ':memory:' });
  t.teardown(() => journal.close());
  await own(journal);

  const refused = journal.start(newRun('run', { status: 'running' }), [{ sql: 'no SQL at all' }]);

  await t.throwsAsync(refused, { code: 'TRANSACTION_FAILED' });
  t.false(journal.isRunningHere?.('run'));
});

test('a journal that becomes another worker knows no run as executed here, and who waits for one is told to look', async (t) => {
  const journal = await openJournal({ url: ':memory:' });
  t.teardown(() => journal.close());
  await own(journal, 'one');
  await journal.start(newRun('run', { status: 'running' }));
  const told: string[] = [];
  journal.subscribe((changes) => told.push(...changes.map(({ type }) => type)));

  await own(journal, 'two');

  t.deepEqual(told, ['foreign']);
  t.false(journal.isRunningHere?.('run'));
});

test('what was claimed is forgotten with the worker that claimed it, and nothing of it is written', async (t) => {
  const url = `file:${databaseOf(t)}`;
  const [mine, other] = [await openJournal({ url }), await openJournal({ url })];
  t.teardown(() => Promise.all([mine.close(), other.close()]));
  await own(mine, 'mine', 0);
  await mine.start(newRun('run'));
  await mine.claimRun('run');
  const { id } = await own(other, 'other');
  await other.expire();
  await other.claimRun('run');

  await t.throwsAsync(become(mine, 'completed'), { code: 'JOURNAL_FENCED' });
  await own(mine, 'mine again');
  await t.throwsAsync(become(mine, 'completed'), { code: 'JOURNAL_FENCED' });

  t.like(await other.run('run'), { status: 'pending', worker: id });
});

test('a row that is remembered is not taken for that of a later run with the same id', async (t) => {
  const path = databaseOf(t);
  const url = `file:${path}`;
  const [mine, other] = [await openJournal({ url }), await openJournal({ url })];
  t.teardown(() => Promise.all([mine.close(), other.close()]));
  await own(mine, 'mine');
  await own(other, 'other');
  await mine.start(newRun('run', { status: 'running' }));
  await become(mine, 'completed');
  await mine.claimRun('run');
  await mine.commit({ runId: 'run', link: 0, events: [output(1)] });
  await other.care.pruneRuns({ statuses: ['completed'], endedBefore: 2, keep: 0 }, { after: 0, limit: 10 });
  await other.start(newRun('run', { status: 'running' }));
  await other.commit({ runId: 'run', link: 0, events: [], status: { status: 'paused', at: 1, frees: true } });

  await mine.claimRun('run');
  await become(mine, 'running');

  t.like(await other.run('run'), { status: 'running' });
});
