import test from 'ava';
import { delay, firstValueFrom, forkJoin, map, mergeMap, type Observable } from 'rxjs';
import {
  activity,
  awaitSignal,
  defineActivity,
  defineSignal,
  duration,
  execute,
  workflow,
} from '../../source/index.js';
import { perform } from '../../source/testing/perform.js';
import { deferred, engineOf } from '../_support/engine.js';
import { asked, differencesInTheEnd, lives, outputsOf, statusOf, swept } from '../_support/lives.js';

const note = defineSignal<string>('note');

test('a run that is paused within four activities, and resumed by the next process, runs each of them once (scenario 22)', async (t) => {
  const gate = deferred();
  const calls: string[] = [];
  const part = defineActivity('part', {}, (name: string) => {
    calls.push(name);
    return name === 'a' ? name : gate.promise.then(() => name);
  });
  const four = workflow('four', (n$: Observable<number>) =>
    n$.pipe(
      mergeMap(() => forkJoin(['a', 'b', 'c', 'd'].map((name) => execute(part, name)))),
      map((names) => names.join('')),
      activity('last', (names: string) => {
        calls.push('last');
        return names;
      }),
    ),
  );
  const first = await engineOf(t, { workflows: [four] });
  const run = await first.tempolite.start(four, 1, { id: 'four' });
  await first.clock.settle();
  await run.pause();
  gate.resolve();
  await first.clock.settle();
  await first.tempolite.close();

  const second = await engineOf(t, { workflows: [four], url: first.url, clock: first.clock });
  await second.clock.advance('1 day');
  const listed = await second.tempolite.list({ status: 'paused' });
  const before = [...calls];
  await second.tempolite.run('four', four).resume();

  t.is(await second.clock.until(second.tempolite.run('four', four).result()), 'abcd');
  t.deepEqual(
    listed.map(({ id }) => id),
    ['four'],
  );
  t.deepEqual(before, ['a', 'b', 'c', 'd'], 'what was in flight is recorded, nothing else is begun');
  t.deepEqual(calls, ['a', 'b', 'c', 'd', 'last']);
});

test('nothing is delivered to a paused run, signals wait in order, and no timer is lost (scenario 17)', async (t) => {
  const seen: string[] = [];
  const waiting = workflow('waiting', (n$: Observable<number>) =>
    n$.pipe(
      delay(duration('1 hour')),
      awaitSignal(note),
      awaitSignal(note, (second, first) => first + second),
      awaitSignal(note, (third, both) => both + third),
      map((all) => {
        seen.push(all);
        return all;
      }),
    ),
  );
  const { tempolite, clock } = await engineOf(t, { workflows: [waiting] });
  const run = await tempolite.start(waiting, 1);
  await run.pause();
  for (const text of ['a', 'b', 'c']) await run.signal(note, text);
  await clock.advance('2 days');
  const { status, signals, timers } = await firstValueFrom(run.state$);
  await run.resume();

  t.is(await clock.until(run.result()), 'abc');
  t.deepEqual([status, signals, timers], ['paused', 0, 0]);
  t.deepEqual(seen, ['abc']);
});

test('pause, resume and cancel twice in a row write once (scenario 22)', async (t) => {
  const waiting = workflow('waiting', (n$: Observable<number>) => n$.pipe(awaitSignal(note)));
  const { tempolite, clock } = await engineOf(t, { workflows: [waiting] });
  const run = await tempolite.start(waiting, 1);
  const events = async (): Promise<number> => {
    await clock.settle();
    return (await firstValueFrom(run.state$)).events;
  };

  const started = await events();
  await Promise.all([run.pause(), run.pause()]);
  await run.pause();
  t.is(await events(), started + 1, 'run-paused');
  await Promise.all([run.resume(), run.resume()]);
  await run.resume();
  t.is(await events(), started + 2, 'run-resumed');
  await Promise.all([run.cancel(), run.cancel()]);
  await clock.settle();
  await run.cancel();
  t.is(await events(), started + 4, 'cancel-requested, run-cancelled');
  await t.throwsAsync(run.result(), { code: 'RUN_CANCELLED' });
});

test('a run is paused and resumed while no worker is there that knows its workflow', async (t) => {
  const waiting = workflow('waiting', (n$: Observable<number>) => n$.pipe(awaitSignal(note)));
  const other = workflow('other', (n$: Observable<number>) => n$);
  const first = await engineOf(t, { workflows: [waiting] });
  const run = await first.tempolite.start(waiting, 1, { id: 'waiting' });
  await first.clock.settle();
  await run.pause();
  await first.tempolite.close();
  const between = await engineOf(t, { workflows: [other], url: first.url, clock: first.clock });
  await between.tempolite.run('waiting').resume();
  await between.tempolite.run('waiting').signal(note, 'hello');
  await between.tempolite.close();

  const last = await engineOf(t, { workflows: [waiting], url: first.url, clock: first.clock });

  t.is(await last.clock.until(last.tempolite.run('waiting', waiting).result()), 'hello');
});

/** Instants at which nothing is in flight: whatever was would be recorded later after a crash. */
const quiet = {
  'a signal and a finalizer': 2137,
  'a nap': 3137,
  'a child': 3137,
  'errors that are swallowed': 3137,
  'a race': 3137,
} as const;

for (const [name, at] of Object.entries(quiet)) {
  test(`a pause in ${name}, with a crash anywhere, changes nothing (scenario 22)`, async (t) => {
    const life = lives[name as keyof typeof quiet];
    const plain = await perform(asked(life));

    for (const length of [500, 60_000]) {
      const paused = await swept(
        asked(life, [at, 'pause'], [at, 'pause'], [at + length, 'resume'], [at + length, 'resume']),
      );

      t.is(statusOf(paused), 'completed');
      if (name !== 'a race') t.deepEqual(outputsOf(paused), outputsOf(plain));
    }
  });
}

for (const [name, life] of Object.entries(lives)) {
  if (name === 'a race') continue;
  test(`what is in flight in ${name} when it is paused is done once, whatever crashes (scenario 22)`, async (t) => {
    const plain = await perform(asked(life));

    for (const at of [137, 637, 1637, 2637]) {
      const scene = asked(life, [at, 'pause'], [at + 20_000, 'resume']);

      t.deepEqual(await differencesInTheEnd(scene), []);
      t.deepEqual(outputsOf(await perform(scene)), outputsOf(plain), `paused at ${at}`);
    }
  });
}
