import test from 'ava';
import { RunResults } from '../../source/client/run-results.js';
import type { Change } from '../../source/journal/journal.js';
import { openJournal } from '../../source/journal/libsql/open-journal.js';
import { altered } from '../_support/altered.js';
import { newRun, own } from '../_support/journals.js';

test('what cannot be read when others have written is read again, though nobody writes any more', async (t) => {
  const journal = await openJournal({ url: ':memory:' });
  t.teardown(() => journal.close());
  await own(journal);
  await journal.start(newRun('run'));
  let tell: (changes: readonly Change[]) => void = () => undefined;
  let readings = 0;
  // Of what this journal writes nothing is heard: it might be another process.
  const unsure = altered(journal, {
    subscribe: (listener) => {
      tell = listener;
      return () => undefined;
    },
    isRunningHere: () => false,
    run: (id) => {
      readings += 1;
      return readings === 2 ? Promise.reject(new Error('not now')) : journal.run(id);
    },
  });
  const results = new RunResults(unsure, 1);
  t.teardown(() => {
    results.close();
  });
  const alive = setInterval(() => undefined, 1000);
  t.teardown(() => {
    clearInterval(alive);
  });
  const ended = results.ended('run');
  await journal.run('run');
  await journal.commit({ runId: 'run', link: 0, events: [], status: { status: 'completed', at: 1 } });

  tell([{ type: 'foreign' }]);

  t.is((await ended).record.status, 'completed');
  t.is(readings, 3);
});

test('a run that another process has brought to its end and pruned is not there any more', async (t) => {
  const journal = await openJournal({ url: ':memory:' });
  t.teardown(() => journal.close());
  await own(journal);
  await journal.start(newRun('run'));
  let isPruned = false;
  let tell: (changes: readonly Change[]) => void = () => undefined;
  const pruned = altered(journal, {
    subscribe: (listener) => {
      tell = listener;
      return () => undefined;
    },
    isRunningHere: () => false,
    run: (id) => (isPruned ? Promise.resolve(undefined) : journal.run(id)),
  });
  const results = new RunResults(pruned);
  t.teardown(() => {
    results.close();
  });
  const ended = results.ended('run');
  await journal.run('run');
  isPruned = true;

  tell([{ type: 'foreign' }]);

  await t.throwsAsync(ended, { code: 'RUN_NOT_FOUND' });
});
