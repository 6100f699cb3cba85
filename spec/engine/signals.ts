import test, { type ExecutionContext } from 'ava';
import { filter, firstValueFrom, merge, mergeMap, take, toArray, type Observable } from 'rxjs';
import { activity, awaitSignal, defineSignal, signals, Tempolite, workflow } from '../../source/index.js';
import type { TestEngine } from '../../source/testing/index.js';
import { databaseOf } from '../_support/folder.js';
import { countOf, lifeOf } from '../_support/life.js';

const go = defineSignal<string>('go');
const stop = defineSignal<string>('stop');

const waiting = workflow('waiting', (n$: Observable<number>) => n$.pipe(awaitSignal(go, (text, n) => `${n} ${text}`)));

/** The events that each commit had, for those that stored a signal or had an event. */
const commitsOf = (t: ExecutionContext, { journal }: TestEngine): string[] => {
  const commits: string[] = [];
  t.teardown(
    journal.subscribe((changes) => {
      const parts = changes.flatMap((change) => {
        if (change.type === 'signal') return 'a signal';
        return change.type === 'events' ? change.events.map(({ event }) => event.type) : [];
      });
      if (parts.length > 0) commits.push(parts.join(', '));
    }),
  );
  return commits;
};

test('a run that waits goes on with a signal in the commit that stores it', async (t) => {
  const engine = await lifeOf(t, { workflows: [waiting] });
  const run = await engine.start(waiting, 1);
  const commits = commitsOf(t, engine);
  await run.signal(go, 'a');

  t.deepEqual(commits, ['a signal, signal-received', 'output-emitted, run-completed']);
  t.is(await run.result(), '1 a');
});

test('what is in flight does not keep it from that', async (t) => {
  const never = (): Promise<string> => new Promise(() => undefined);
  const busy = workflow('busy', (n$: Observable<number>) =>
    merge(n$.pipe(activity('never', never)), n$.pipe(awaitSignal(go))),
  );
  const engine = await lifeOf(t, { workflows: [busy] });
  const run = await engine.start(busy, 1);
  const commits = commitsOf(t, engine);
  await run.signal(go, 'a');

  t.deepEqual(commits, ['a signal, signal-received', 'output-emitted']);
});

test('a signal that nobody waits for yet is stored alone', async (t) => {
  const engine = await lifeOf(t, { workflows: [waiting] });
  const run = await engine.start(waiting, 1);
  const commits = commitsOf(t, engine);
  await run.signal(stop, 'a');
  t.deepEqual(commits, ['a signal']);

  const handle = engine.tempolite.run(run.id);
  await handle.pause();
  await engine.settle();
  commits.splice(0);
  await run.signal(go, 'b');
  t.deepEqual(commits, ['a signal']);
  await handle.resume();
  t.is(await run.result(), '1 b');
});

test('several at once come together, in the order in which they are waited for', async (t) => {
  const both = workflow('both', (n$: Observable<number>) =>
    merge(n$.pipe(awaitSignal(stop)), n$.pipe(awaitSignal(go))),
  );
  const engine = await lifeOf(t, { workflows: [both] });
  const run = await engine.start(both, 1);
  const commits = commitsOf(t, engine);
  await Promise.all([run.signal(go, 'first'), run.signal(stop, 'second')]);

  t.deepEqual(commits.slice(0, 2), ['a signal, a signal', 'signal-received, signal-received']);
  t.is(await run.result(), 'first');
});

for (const [first, second] of [
  ['cancel', 'signal'],
  ['signal', 'cancel'],
] as const) {
  test(`a ${first} and a ${second} at once are heard together: the run is cancelled, and nothing is begun`, async (t) => {
    const charged: string[] = [];
    const charge = (text: string): void => void charged.push(text);
    const paying = workflow('paying', (n$: Observable<number>) => n$.pipe(awaitSignal(go), activity('charge', charge)));
    const engine = await lifeOf(t, { workflows: [paying] });
    const { id } = await engine.start(paying, 1);
    const run = engine.tempolite.run(id);
    const asked = { cancel: () => run.cancel(), signal: () => run.signal(go, 'a') };
    await Promise.all([asked[first](), asked[second]()]);

    await t.throwsAsync(run.result(), { code: 'RUN_CANCELLED' });
    t.deepEqual(charged, []);
  });
}

test('what another process has stored first comes first, before this one has heard of it', async (t) => {
  const url = databaseOf(t);
  const all = workflow('all', (n$: Observable<number>) => n$.pipe(mergeMap(() => signals(go).pipe(take(2)))));
  const here = await Tempolite.open({ url, workflows: [all] });
  const there = await Tempolite.open({ url, worker: false });
  t.teardown(() => Promise.all([here.close(), there.close()]));
  // It may hear of it in time by chance.
  for (let n = 0; n < 5; n += 1) {
    const run = await here.start(all, n);
    await firstValueFrom(run.state$.pipe(filter(({ status }) => status === 'waiting')));
    await there.run(run.id).signal(go, 'first');
    await run.signal(go, 'second');

    t.deepEqual(await firstValueFrom(run.output$.pipe(toArray())), ['first', 'second']);
  }
});

test('a run that is paused and gets a signal at once is paused before that', async (t) => {
  const engine = await lifeOf(t, { workflows: [waiting] });
  const { id } = await engine.start(waiting, 1);
  const run = engine.tempolite.run(id);
  await Promise.all([run.pause(), run.signal(go, 'a')]);

  t.is(countOf(await engine.run(id, waiting).events(), 'signal-received'), 0);
  await run.resume();
  t.is(await run.result(), '1 a');
});

for (const evicts of [false, true]) {
  const worker = evicts ? { evictAfterMs: 0 } : {};
  const memory = evicts ? 'out of' : 'in';

  test(`a signal whose answer is lost has been stored, and its run goes on, ${memory} memory`, async (t) => {
    const engine = await lifeOf(t, { workflows: [waiting], faults: [{ append: 3, fault: 'loses' }], ...worker });
    const run = await engine.start(waiting, 1);
    await t.throwsAsync(run.signal(go, 'a'), { code: 'JOURNAL_FAILED' });

    t.is(await run.result(), '1 a');
    t.is(countOf(await run.events(), 'signal-received'), 1);
  });

  test(`a signal that is refused is not there, and its run waits for the next, ${memory} memory`, async (t) => {
    const engine = await lifeOf(t, { workflows: [waiting], faults: [{ append: 3, fault: 'fails' }], ...worker });
    const run = await engine.start(waiting, 1);
    await t.throwsAsync(run.signal(go, 'a'), { code: 'JOURNAL_FAILED' });
    await run.signal(go, 'b');

    t.is(await run.result(), '1 b');
  });

  for (const fault of ['dies-before', 'dies-after'] as const) {
    test(`a process that ${fault} a signal is stored, ${memory} memory`, async (t) => {
      const engine = await lifeOf(t, { workflows: [waiting], faults: [{ append: 3, fault }], ...worker });
      const { id } = await engine.start(waiting, 1);
      await t.throwsAsync(engine.run(id, waiting).signal(go, 'a'), { code: 'JOURNAL_CLOSED' });
      await engine.crash();
      const run = engine.run(id, waiting);
      if (fault === 'dies-before') await run.signal(go, 'b');

      t.is(await run.result(), fault === 'dies-before' ? '1 b' : '1 a');
    });
  }
}
