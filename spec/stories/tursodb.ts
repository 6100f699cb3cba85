import test from 'ava';
import { map, type Observable } from 'rxjs';
import { activity, awaitSignal, defineSignal, sleep, Tempolite, workflow } from '../../source/index.js';
import { openJournal } from '../../source/journal/libsql/open-journal.js';
import { turso, tursoFetch } from '../_support/turso.js';

// Another implementation of the protocol and of the database: that it works there shows that nothing of ours leans on one of them.

const approval = defineSignal<boolean>('approval');

const order = workflow('order', (total$: Observable<number>) =>
  total$.pipe(
    activity('charge', (total) => Promise.resolve(total * 2)),
    sleep('pause', '10 ms'),
    awaitSignal(approval, (approved, total) => ({ approved, total })),
    map(({ approved, total }) => (approved ? total : 0)),
  ),
);

test('a run lives on a server of another make, and is found there by the next process', async (t) => {
  const url = await turso(t);
  if (url === undefined) {
    t.log('tursodb is not to be had here');
    t.pass();
    return;
  }
  const tempolite = await Tempolite.over(await openJournal({ url, fetch: tursoFetch }), { workflows: [order] });
  const run = await tempolite.start(order, 21, { id: 'order' });
  await run.signal(approval, true);
  t.is(await run.result(), 42);
  await tempolite.close();

  const again = await Tempolite.over(await openJournal({ url, fetch: tursoFetch }), { workflows: [order] });
  t.teardown(() => again.close());

  const found = await again.start(order, 21, { id: 'order' });
  t.is(await found.result(), 42);
});
