import test from 'ava';
import { concat, mergeMap, of, type Observable } from 'rxjs';
import { activity, awaitSignal, continueAsNew, defineSignal, Tempolite, workflow } from '../../source/index.js';
import { openJournal } from '../../source/journal/libsql/open-journal.js';
import { faultsOf } from '../_support/check-journal.js';
import { altered } from '../_support/altered.js';
import { deferred } from '../_support/engine.js';
import { databaseOf } from '../_support/folder.js';

/** What a worker makes of mail that it has read, and that has been consumed by the time it comes to it. */

const pay = defineSignal<string>('pay');

test('a signal that one link has consumed is not consumed by the next one, however late it is heard of', async (t) => {
  const url = databaseOf(t);
  const [atWork, mayGoOn, isRead, mayBeHeard] = [deferred(), deferred(), deferred(), deferred()];
  const till = workflow('till', (n$: Observable<number>) =>
    n$.pipe(
      activity('open', async (n: number) => {
        atWork.resolve();
        await mayGoOn.promise;
        return n;
      }),
      mergeMap((n) => (n === 0 ? continueAsNew(1) : of(n))),
      awaitSignal(pay, (by, n) => ({ by, n })),
      mergeMap(({ by, n }) => concat(of(`${n}: ${by}`), n < 3 ? continueAsNew(n + 1) : of())),
    ),
  );
  const journal = await openJournal({ url });
  const tempolite = await Tempolite.over(
    altered(journal, {
      news: async (after, limit) => {
        const news = await journal.news(after, limit);
        if (!news.some(({ letter }) => 'name' in letter && letter.name === 'pay')) return news;
        isRead.resolve();
        await mayBeHeard.promise;
        return news;
      },
    }),
    { workflows: [till] },
  );
  const client = await Tempolite.open({ url, worker: false });
  const run = await tempolite.start(till, 0, { id: 'till' });
  const outputs: string[] = [];
  const paid = [deferred(), deferred()];
  run.output$.subscribe((output) => {
    outputs.push(output);
    paid[outputs.length - 1]?.resolve();
  });
  await atWork.promise;

  await client.run('till').signal(pay, 'ada');
  await isRead.promise;
  mayGoOn.resolve();
  await paid[0]?.promise;
  mayBeHeard.resolve();
  await client.run('till').signal(pay, 'bob');
  await paid[1]?.promise;

  t.deepEqual(outputs, ['1: ada', '2: bob']);
  await client.close();
  await tempolite.close();
  t.deepEqual(await faultsOf(url), []);
});
