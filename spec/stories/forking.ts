import test from 'ava';
import { concat, firstValueFrom, forkJoin, merge, mergeMap, of, race, toArray, type Observable } from 'rxjs';
import { activity, awaitSignal, childWorkflow, defineSignal, getVersion, workflow } from '../../source/index.js';
import { engineOf } from '../_support/engine.js';
import { lifeOf } from '../_support/life.js';

const note = defineSignal<string>('note');

const chain = (calls: string[]) =>
  workflow('chain', (n$: Observable<number>) =>
    n$.pipe(
      activity('a', (n: number) => {
        calls.push('a');
        return n + 1;
      }),
      awaitSignal(note, (text, n) => `${n} ${text}`),
      activity('b', (text: string) => {
        calls.push('b');
        return text;
      }),
    ),
  );

test('a fork has the history up to an event, and the rest runs anew (scenario 26)', async (t) => {
  const calls: string[] = [];
  const flow = chain(calls);
  const { tempolite, clock } = await engineOf(t, { workflows: [flow] });
  const run = await tempolite.start(flow, 1);
  await run.signal(note, 'hello');
  await clock.until(run.result());

  const fork = await run.fork(1, { id: 'fork' });
  await fork.signal(note, 'world');

  t.is(await clock.until(fork.result()), '2 world');
  t.deepEqual(calls, ['a', 'b', 'b'], 'a is reused');
  t.is(await run.result(), '2 hello', 'the other one is as it was');
});

test('a run is forked while it is at work, also by another process, and both go on by themselves (scenario 26)', async (t) => {
  const calls: string[] = [];
  const flow = chain(calls);
  const first = await engineOf(t, { workflows: [flow] });
  await first.tempolite.start(flow, 1, { id: 'run' });
  await first.clock.settle();
  await first.tempolite.close();
  const second = await engineOf(t, { workflows: [flow], url: first.url, clock: first.clock });
  const run = second.tempolite.run('run', flow);

  const fork = await run.fork(1);
  await fork.signal(note, 'fork');
  await run.signal(note, 'run');

  t.is(await second.clock.until(fork.result()), '2 fork');
  t.is(await second.clock.until(run.result()), '2 run');
  t.deepEqual(calls, ['a', 'b', 'b']);
});

test('a fork that is asked for twice under the same id is one', async (t) => {
  const calls: string[] = [];
  const flow = chain(calls);
  const { tempolite, clock } = await engineOf(t, { workflows: [flow] });
  const run = await tempolite.start(flow, 1, { id: 'run' });
  const other = await tempolite.start(flow, 1, { id: 'other' });
  await clock.settle();

  const forks = await Promise.all([run.fork(1, { id: 'fork' }), run.fork(1, { id: 'fork' })]);
  await forks[0].signal(note, 'hello');
  t.is(await clock.until(forks[1].result()), '2 hello');
  const third = await run.fork(1, { id: 'fork' });

  t.is(await third.result(), '2 hello');
  t.deepEqual(calls, ['a', 'a', 'b']);
  await t.throwsAsync(run.fork(0, { id: 'fork' }), { code: 'RUN_EXISTS' });
  await t.throwsAsync(other.fork(1, { id: 'fork' }), { code: 'RUN_EXISTS' });
  await t.throwsAsync(third.fork(1, { id: 'run' }), { code: 'RUN_EXISTS' });
});

test('a fork that cannot be is refused, and nothing is written', async (t) => {
  const flow = chain([]);
  const { tempolite, clock } = await engineOf(t, { workflows: [flow] });
  const run = await tempolite.start(flow, 1, { id: 'run' });
  await clock.settle();
  const { events } = await firstValueFrom(run.state$);

  for (const seq of [-1, 0.5, 1000]) await t.throwsAsync(run.fork(seq), { code: 'INVALID_ARGUMENT' });
  await t.throwsAsync(run.fork(0, { id: 'run' }), { code: 'RUN_EXISTS' });
  await t.throwsAsync(run.fork(0, { version: 0 }), { code: 'INVALID_ARGUMENT' });
  await t.throwsAsync(tempolite.run('nobody').fork(0), { code: 'RUN_NOT_FOUND' });

  t.is((await tempolite.list()).length, 1);
  t.is((await firstValueFrom(run.state$)).events, events);
});

const fails = (): never => {
  throw new Error('no');
};
const ends = {
  'lost a race': (child$: Observable<unknown>, n$: Observable<number>) =>
    concat(race(child$, n$.pipe(activity('quick', (n: number) => n))), n$.pipe(awaitSignal(note))),
  'was left by a failure': (child$: Observable<unknown>, n$: Observable<number>) =>
    forkJoin([child$, n$.pipe(activity('fails', fails, { retry: { maxAttempts: 1 } }))]),
};

for (const [what, body] of Object.entries(ends)) {
  test(`a fork has nothing to do with a child that ${what} in what was copied`, async (t) => {
    const child = workflow('child', (n$: Observable<number>) => n$.pipe(awaitSignal(note)));
    const parent = workflow('parent', (n$: Observable<number>) =>
      body(n$.pipe(childWorkflow(child, { onClose: 'cancel' })), n$),
    );
    const { tempolite, clock } = await engineOf(t, { workflows: [parent, child] });
    const run = await tempolite.start(parent, 1, { id: 'run' });
    await clock.settle();
    await run.signal(note, 'hello').catch(() => undefined);
    await clock.settle();
    const before = (await tempolite.list({ parent: 'run' })).map(({ id, status }) => [id, status]);
    const events = await firstValueFrom(run.events$.pipe(toArray()));
    const place = events.find(({ type }) => type === 'activity-completed' || type === 'activity-failed')?.seq ?? -1;

    const fork = await run.fork(place, { id: 'fork' });
    await fork.signal(note, 'hello').catch(() => undefined);
    await clock.until(fork.result()).catch(() => undefined);

    t.deepEqual(
      (await tempolite.list({ parent: 'run' })).map(({ id, status }) => [id, status]),
      before,
    );
    t.is((await firstValueFrom(fork.state$)).status, what === 'lost a race' ? 'completed' : 'failed');
    t.deepEqual(await tempolite.list({ parent: 'fork' }), []);
  });
}

test('a fork of a fork has the choices of the commit that the first one was taken from', async (t) => {
  const flow = workflow('flow', (x$: Observable<string>) =>
    merge(x$.pipe(mergeMap(() => getVersion('tax', 1, 2))), of(0), x$.pipe(awaitSignal(note))),
  );
  const engine = await lifeOf(t, { workflows: [flow] });
  const run = await engine.start(flow, 'x', { id: 'run' });
  const place = (await run.events()).findIndex(({ type }) => type === 'output-emitted');

  await engine.tempolite.run('run').fork(place, { id: 'fork' });
  await engine.settle();
  await engine.tempolite.run('fork').fork(place, { id: 'again' });
  await engine.settle();

  for (const id of ['run', 'fork', 'again']) t.deepEqual(await engine.run(id, flow).outputs(), [0, 2], id);
});
