import test from 'ava';
import { delay, map, type Observable } from 'rxjs';
import { activity, awaitSignal, defineSignal, duration, sideEffect, Tempolite, workflow } from '../source/index.js';
import { TestClock } from '../source/testing/index.js';

const approval = defineSignal<boolean>('approval');

const order = workflow('order', (order$: Observable<number>) =>
  order$.pipe(
    activity('double', (n: number) => Promise.resolve(n * 2)),
    sideEffect('random', (n) => n + 1),
    awaitSignal(approval, (approved, n) => ({ n, approved })),
    delay(duration('7 days')),
    map(({ n, approved }) => `${n} ${approved}`),
  ),
);

test('a run goes from start to result', async (t) => {
  const clock = new TestClock();
  const tempolite = await Tempolite.open({ workflows: [order], clock });
  const run = await tempolite.start(order, 20);
  await run.signal(approval, true);

  t.is(await clock.until(run.result()), '41 true');
  await tempolite.close();
});
