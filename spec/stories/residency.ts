import test from 'ava';
import { delay, mergeMap, type Observable } from 'rxjs';
import { activity, awaitSignal, defineSignal, duration, workflow } from '../../source/index.js';
import { engineOf } from '../_support/engine.js';

const note = defineSignal<string>('note');
const patient = workflow('patient', (n$: Observable<number>) =>
  n$.pipe(
    activity('first', (n: number) => n + 1),
    awaitSignal(note, (text, n) => `${n} ${text}`),
    delay(duration('3 days')),
    activity('last', (text: string) => `${text}!`),
  ),
);

test('a run that waits leaves memory, comes back for its signal and its timer, and repeats nothing', async (t) => {
  const { tempolite, clock } = await engineOf(t, { workflows: [patient], parkAfterMs: 0, evictAfterMs: 0 });
  const run = await tempolite.start(patient, 1, { id: 'patient' });
  await clock.settle();
  t.is(tempolite.worker.residents.size, 0);
  t.is((await tempolite.list())[0]?.status, 'waiting');

  await run.signal(note, 'hello');
  await clock.settle();
  t.is(tempolite.worker.residents.size, 0);
  t.is((await tempolite.list())[0]?.wakeAt, clock.now() + duration('3 days'));

  t.is(await clock.until(run.result()), '2 hello!');
});

test('a run with an activity in flight stays in memory', async (t) => {
  let end: (value: string) => void = () => undefined;
  const busy = workflow('busy', (n$: Observable<number>) =>
    n$.pipe(
      mergeMap((n) => [n]),
      activity('busy', () => new Promise<string>((resolve) => (end = resolve))),
    ),
  );
  const { tempolite, clock } = await engineOf(t, { workflows: [busy], parkAfterMs: 0, evictAfterMs: 0 });
  const run = await tempolite.start(busy, 1);
  await clock.settle();
  t.is(tempolite.worker.residents.size, 1);

  end('done');
  t.is(await run.result(), 'done');
  await clock.settle();
  t.is(tempolite.worker.residents.size, 0);
});

test('a thousand runs of which ten fit into memory all get their signal', async (t) => {
  const { tempolite, clock } = await engineOf(t, { workflows: [patient], maxResidentRuns: 10 });
  const runs = await Promise.all(Array.from({ length: 1000 }, (_, n) => tempolite.start(patient, n)));
  await Promise.all(runs.map((run) => run.signal(note, 'all')));
  const results = await clock.until(Promise.all(runs.map((run) => run.result())));

  t.deepEqual(
    results,
    runs.map((_, n) => `${n + 1} all!`),
  );
  t.true(tempolite.worker.residents.size <= 10);
});
