import test, { type ExecutionContext } from 'ava';
import { concat, count, mergeMap, of, race, range, type Observable } from 'rxjs';
import { activity, awaitSignal, defineSignal, sleep, Tempolite, workflow } from '../../source/index.js';
import type { Journal } from '../../source/journal/journal.js';
import { openJournal } from '../../source/journal/libsql/open-journal.js';
import { TestClock } from '../../source/testing/index.js';
import { altered } from '../_support/altered.js';
import { databaseOf } from '../_support/folder.js';

const go = defineSignal<string>('go');
const stop = defineSignal<string>('stop');

const receive = (signal: typeof go): Observable<string> => of(0).pipe(awaitSignal(signal, (by) => by));

/** Two pages of events, and a signal that is given back. */
const long = workflow('long', (n$: Observable<number>) =>
  n$.pipe(
    activity('range', (n: number) => range(0, n), { buffer: 2000 }),
    count(),
    mergeMap((n) => concat(of(n), race(receive(go), receive(stop)), of(0).pipe(sleep(10)), receive(stop))),
  ),
);

/** A run that has come so far, in a process that is gone; then one that reads it. */
const readBy = async (
  t: ExecutionContext,
  failing: (journal: Journal, fail: () => void) => Partial<Journal>,
): Promise<unknown> => {
  const url = databaseOf(t);
  const clock = new TestClock();
  const before = await Tempolite.open({ url, workflows: [long], clock });
  const run = await before.start(long, 1100, { id: 'run' });
  await run.signal(go, 'ada');
  await run.signal(stop, 'bob');
  await clock.settle();
  await before.close();

  const journal = await openJournal({ url });
  let failures = 0;
  const fail = (): void => {
    failures += 1;
    if (failures === 1) throw new Error('not now');
  };
  const tempolite = await Tempolite.over(altered(journal, failing(journal, fail)), { workflows: [long], clock });
  const result = await clock.until(tempolite.run('run', long).result());
  await tempolite.close();
  await journal.close();
  t.true(failures > 1, 'it was read once more');
  return result;
};

test('a run of which a later page cannot be read is read again', async (t) => {
  const result = await readBy(t, (journal, fail) => ({
    events: async (runId, link, from, limit) => {
      if (from > 0) fail();
      return journal.events(runId, link, from, limit);
    },
  }));

  t.is(result, 'bob');
});

test('a run of which it cannot be read when its signals came is read again', async (t) => {
  const result = await readBy(t, (journal, fail) => ({
    inbox: async (runId, signals) => {
      if (signals) fail();
      return journal.inbox(runId, signals);
    },
  }));

  t.is(result, 'bob');
});
