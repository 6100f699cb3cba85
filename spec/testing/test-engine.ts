import test from 'ava';
import { delay, mergeMap, take, timer, type Observable } from 'rxjs';
import { activity, awaitSignal, defineSignal, duration, workflow } from '../../source/index.js';
import { fails, takes, TestEngine, type Fault, type TestEngineOptions } from '../../source/testing/index.js';

const approval = defineSignal<boolean>('approval');
const order = workflow('order', (n$: Observable<number>) =>
  n$.pipe(
    activity('charge', (n: number) => n, { retry: { initialInterval: '1 minute', jitter: 0 } }),
    awaitSignal(approval, (approved, charge) => `${charge} ${approved}`),
    delay(duration('1 week')),
  ),
);

const open = async (
  t: { teardown: (end: () => Promise<void>) => void },
  options: Partial<TestEngineOptions> = {},
): Promise<TestEngine> => {
  const engine = await TestEngine.open({ workflows: [order], ...options });
  t.teardown(() => engine.close());
  return engine;
};

test('a result takes as much virtual time as it needs', async (t) => {
  const engine = await open(t, { activities: { charge: takes('2 hours', () => 'ch_1') } });
  const begin = engine.clock.now();
  const run = await engine.start(order, 1);
  run.signalAt('1 day', approval, true);

  t.is(await run.result(), 'ch_1 true');
  t.is(engine.clock.now() - begin, duration('8 days'));
  t.deepEqual(await run.outputs(), ['ch_1 true']);
  t.is((await run.state()).status, 'completed');
});

test('time that is advanced by hand stands still in between', async (t) => {
  const engine = await open(t, { activities: { charge: takes('2 hours', () => 'ch_1') } });
  const run = await engine.start(order, 1);

  t.like((await run.commands())[0], { key: 'activity:charge#0', kind: 'activity', name: 'charge' });
  await engine.advance('1 hour');
  t.like((await run.commands())[0], { key: 'activity:charge#0' });
  await engine.advance('1 hour');
  t.like((await run.commands())[0], { key: 'signal:approval#0' });
  await run.signal(approval, false);
  t.like((await run.commands())[0], { key: 'timer:rxjs#0', due: engine.clock.now() + duration('1 week') });
});

test('a year with a timer each day passes', async (t) => {
  const daily = workflow('daily', (n$: Observable<number>) =>
    n$.pipe(
      mergeMap(() => timer(0, duration('1 day'))),
      take(366),
      activity('check', (n: number) => n),
    ),
  );
  const engine = await open(t, { workflows: [daily] });
  const begin = engine.clock.now();

  t.is(await (await engine.start(daily, 0)).result(), 365);
  t.is(engine.clock.now() - begin, duration('365 days'));
});

test('a run that waits for what never comes rejects, and says for what', async (t) => {
  const engine = await open(t);
  const run = await engine.start(order, 1, { id: 'o1' });

  await t.throwsAsync(run.result(), { message: /run "o1" waits for signal:approval#0/ });
});

test('a crash loses nothing, and time passes while no process is up', async (t) => {
  const engine = await open(t, { activities: { charge: takes('2 hours', () => 'ch_1') } });
  const run = await engine.start(order, 1);

  await engine.crash({ for: '1 hour' });
  await engine.crash({ for: '3 hours' });
  await run.signal(approval, true);

  t.like((await run.commands())[0], { key: 'timer:rxjs#0' });
  t.like(engine.effects, [{ activity: 'charge', attempt: 1, executions: 3 }]);
  t.is(await run.result(), 'ch_1 true');
});

test('attempts fail as they are told to', async (t) => {
  const engine = await open(t, {
    activities: {
      charge: fails(
        2,
        (n) => new Error(`no ${n}`),
        () => 'ch_1',
      ),
    },
  });
  const run = await engine.start(order, 1);
  await engine.advance('1 hour');

  t.deepEqual(
    engine.effects.map(({ attempt, startedAt }) => [attempt, startedAt - engine.effects[0]!.startedAt]),
    [
      [1, 0],
      [2, 60_000],
      [3, 120_000],
    ],
  );
  t.is((await run.events()).filter(({ type }) => type === 'activity-attempt-failed').length, 2);
});

for (const fault of ['fails', 'loses'] as const) {
  test(`an append that ${fault} is settled by the engine, whichever it is`, async (t) => {
    for (let append = 2; append <= 8; append += 1) {
      const faults: Fault[] = [{ append, fault }];
      const engine = await open(t, { faults, activities: { charge: takes(5, () => 'ch_1') } });
      const run = await engine.start(order, 1);
      run.signalAt('1 day', approval, true);

      t.is(await run.result(), 'ch_1 true');
      const events = await run.events();
      t.deepEqual(
        events.map(({ seq }) => seq),
        events.map((_, n) => n),
      );
    }
  });
}

test('a start whose answer was lost is asked for again, and runs once', async (t) => {
  const engine = await open(t, {
    faults: [{ append: 1, fault: 'loses' }],
    activities: { charge: takes(5, () => 'ch_1') },
  });
  await t.throwsAsync(engine.start(order, 1, { id: 'o1' }), { code: 'JOURNAL_FAILED' });
  const run = await engine.start(order, 1, { id: 'o1' });
  await run.signal(approval, true);

  t.is(await run.result(), 'ch_1 true');
  t.like(engine.effects, [{ executions: 1 }]);
});

test('a process that has died of a fault says so until the next one is up', async (t) => {
  const engine = await open(t, { faults: [{ append: 2, fault: 'dies-before' }] });
  void engine.start(order, 1, { id: 'o1' }).catch(() => undefined);
  await engine.settle();

  t.throws(() => engine.tempolite, { code: 'ENGINE_CLOSED', message: /crash\(\)/ });
  await engine.crash();
  t.like((await engine.run('o1', order).commands())[0], { key: 'signal:approval#0' });
});

test('an append that hangs holds up its run until the process is killed', async (t) => {
  const engine = await TestEngine.open({ workflows: [order], faults: [{ append: 2, fault: 'hangs' }] });
  const { id } = await engine.tempolite.start(order, 1);
  await new Promise((resolve) => setImmediate(resolve));
  await engine.crash();

  t.like((await engine.run(id, order).commands())[0], { key: 'signal:approval#0' });
  await engine.close();
});
