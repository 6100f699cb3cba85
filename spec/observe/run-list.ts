import test, { type ExecutionContext } from 'ava';
import type { Journal } from '../../source/journal/journal.js';
import { listRuns } from '../../source/journal/list-runs.js';
import { openJournal } from '../../source/journal/libsql/open-journal.js';
import type { RunRecord } from '../../source/journal/run-record.js';
import type { RunStatus } from '../../source/journal/status.js';
import { watchRuns } from '../../source/observe/run-list.js';
import { altered, announcer } from '../_support/altered.js';
import { deferred } from '../_support/engine.js';
import { interleavingsOf } from '../_support/interleavings.js';
import { newRun, own } from '../_support/journals.js';

const opened = async (t: ExecutionContext, ...ids: readonly string[]): Promise<Journal> => {
  const journal = await openJournal({ url: ':memory:' });
  t.teardown(() => journal.close());
  await own(journal);
  for (const id of ids) await journal.start(newRun(id, { status: 'running' }));
  return journal;
};

/** Always the same instant, so that nothing but the order of commits tells which record is newer. */
const become = async (journal: Journal, id: string, status: RunStatus): Promise<void> => {
  await journal.commit({ runId: id, link: 0, events: [], status: { status, at: 1 } });
};

/** What is shown of runs, up to a run of this id. */
const shownUpTo = async (last: string, journal: Journal): Promise<readonly string[]> => {
  const shown: string[] = [];
  const isOver = deferred();
  const subscription = watchRuns(journal, {}).subscribe({
    next: ({ id, status }) => {
      shown.push(`${id} is ${status}`);
      if (id === last) isOver.resolve();
    },
    error: isOver.reject,
  });
  await isOver.promise;
  subscription.unsubscribe();
  return shown.slice(0, -1);
};

test('a reading that fails is an error', async (t) => {
  const journal = altered(await opened(t), { runs: () => Promise.reject(new Error('the disk is gone')) });

  await t.throwsAsync(shownUpTo('nobody', journal), { message: 'the disk is gone' });
});

test('a record that changes while runs are listed is shown once', async (t) => {
  const writer = await opened(t, 'a');
  const journal = altered(writer, {
    runs: async (filter, page) => {
      await become(writer, 'a', 'waiting');
      await become(writer, 'a', 'running');
      await become(writer, 'a', 'paused');
      const runs = await writer.runs(filter, page);
      setImmediate(() => void writer.start(newRun('last')));
      return runs;
    },
  });

  t.deepEqual(await shownUpTo('last', journal), ['a is waiting', 'a is running', 'a is paused']);
});

test('a record that changes before the list arrives is shown behind it', async (t) => {
  const writer = await opened(t, 'a', 'b');
  const journal = altered(writer, {
    runs: async (filter, page) => {
      const runs = await writer.runs(filter, page);
      await become(writer, 'b', 'waiting');
      setImmediate(() => void writer.start(newRun('last')));
      return runs;
    },
  });

  t.deepEqual(await shownUpTo('last', journal), ['a is running', 'b is running', 'b is waiting']);
});

test('a record that is heard of while a newer one is read comes before that', async (t) => {
  const writer = await opened(t, 'a', 'b');
  const { journal, hold, release } = announcer(writer, {
    runs: async (filter, page) => {
      await become(writer, 'a', 'waiting');
      hold();
      await become(writer, 'a', 'paused');
      const runs = await writer.runs(filter, page);
      setImmediate(() => {
        release();
        void writer.start(newRun('last'));
      });
      return runs;
    },
  });

  t.deepEqual(await shownUpTo('last', journal), ['b is running', 'a is waiting', 'a is paused']);
});

test('no record is shown twice, late or not at all, whatever comes while runs are listed', async (t) => {
  const stored = await opened(t, 'a');
  const [run] = await listRuns(stored, {});
  if (!run) throw new Error('there is one');
  const recordOf = (state: number): RunRecord => ({ ...run, wakeAt: state });

  await interleavingsOf(
    (state) => ({ type: 'run', run: recordOf(state) }),
    ({ subscribe, read }, show) => {
      const one = async (): Promise<RunRecord> => recordOf(await read());
      const watched = altered(stored, { subscribe, run: one, runs: async () => [await one()] });
      const subscription = watchRuns(watched, {}).subscribe(({ wakeAt = -1 }) => {
        show(wakeAt);
      });
      return () => {
        subscription.unsubscribe();
      };
    },
  );
  t.pass();
});
