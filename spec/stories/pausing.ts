import test from 'ava';
import { concatMap, from, map, mergeMap, of, raceWith, timer, toArray, type Observable } from 'rxjs';
import {
  activity,
  awaitSignal,
  childWorkflow,
  defineSignal,
  saga,
  sleep,
  step,
  workflow,
  type AnyWorkflow,
} from '../../source/index.js';
import { takes } from '../../source/testing/index.js';
import { ask, four, hourly, letters } from '../_support/four-jobs.js';
import { countOf, doneIn, jobOf, lifeOf } from '../_support/life.js';
import { engineOf } from '../_support/engine.js';

const hour = 60 * 60 * 1000;
const go = defineSignal<string>('go');
const job = jobOf('job');
test('what is in flight at a pause is recorded, the next one is begun when it is resumed (scenario 22)', async (t) => {
  const engine = await lifeOf(t, { workflows: [four], activities: hourly });
  const run = await engine.start(four, letters);
  await engine.advance('90 minutes');

  await ask(engine, run, 'pause');
  await engine.advance('3 days');
  t.is((await run.state()).status, 'paused');
  t.is(countOf(await run.events(), 'activity-completed'), 2);
  t.deepEqual(doneIn(engine), ['job@1', 'job@1']);
  await ask(engine, run, 'resume');

  t.deepEqual(await run.result(), ['A', 'B', 'C', 'D']);
  t.true(engine.effects.every(({ executions }) => executions === 1));
  t.is(engine.effects.length, 4);
});

test('a run that is paused in the middle of four activities is listed and resumed by the next engine (scenario 22)', async (t) => {
  const done: string[] = [];
  const four = workflow('four', (texts$: Observable<readonly string[]>) =>
    texts$.pipe(
      concatMap((texts) => from(texts)),
      concatMap((text) =>
        of(text).pipe(
          sleep('1 hour'),
          activity('job', (text: string) => {
            done.push(text);
            return text.toUpperCase();
          }),
        ),
      ),
      toArray(),
    ),
  );
  const first = await engineOf(t, { workflows: [four] });
  const { clock, url } = first;
  const run = await first.tempolite.start(four, letters, { id: 'four' });
  await clock.advance('90 minutes');
  await clock.until(run.pause());
  await first.tempolite.close();

  const second = await engineOf(t, { workflows: [four], clock, url });
  await clock.advance('1 day');
  const paused = await second.tempolite.list({ status: 'paused' });
  t.deepEqual(
    paused.map(({ id }) => id),
    ['four'],
  );
  const again = second.tempolite.run('four', four);
  await clock.until(again.resume());

  t.deepEqual(await clock.until(again.result()), ['A', 'B', 'C', 'D']);
  t.deepEqual(done, letters);
});

/** Pipelines in the middle of something, and what they come to. */
const inner = workflow('inner', (text$: Observable<string>) => text$.pipe(activity(job), sleep('1 hour')));
const outside = (): string => '';
const middles: Readonly<Record<string, readonly [AnyWorkflow, unknown]>> = {
  'a timer': [workflow('w', (text$: Observable<string>) => text$.pipe(sleep('3 hours'))), 'x'],
  'a timer of RxJS': [
    workflow('w', (text$: Observable<string>) => text$.pipe(mergeMap((text) => timer(3 * hour).pipe(map(() => text))))),
    'x',
  ],
  'a wait for a signal': [
    workflow('w', (text$: Observable<string>) => text$.pipe(awaitSignal(go, (text, x) => `${x} ${text}`))),
    'x now',
  ],
  'a child': [workflow('w', (text$: Observable<string>) => text$.pipe(childWorkflow(inner))), 'X'],
  'a saga': [
    workflow('w', (text$: Observable<string>) =>
      text$.pipe(saga('trip', step('hotel', outside, outside), sleep('1 hour'), step('flight', outside, outside))),
    ),
    'x hotel flight',
  ],
};

for (const [name, [middle, expected]] of Object.entries(middles)) {
  test(`a pause within ${name} delays it, and nothing is done twice (scenario 22)`, async (t) => {
    const engine = await lifeOf(t, {
      workflows: [middle, inner],
      activities: {
        ...hourly,
        'trip/hotel': takes('1 hour', (text: string) => `${text} hotel`),
        'trip/flight': takes('1 hour', (text: string) => `${text} flight`),
      },
    });
    const run = await engine.start(middle as typeof inner, 'x');
    await engine.advance('90 minutes');

    await ask(engine, run, 'pause');
    await engine.tempolite.run(run.id).signal(go, 'now');
    await engine.advance('1 day');
    t.is((await run.state()).status, 'paused');
    await engine.crash();
    await engine.advance('1 hour');
    t.is((await run.state()).status, 'paused');
    await ask(engine, run, 'resume');

    t.is(await run.result(), expected as string);
    t.true(engine.effects.every(({ executions }) => executions === 1));
    t.is(new Set(engine.effects.map(({ idempotencyKey }) => idempotencyKey)).size, engine.effects.length);
  });
}

test('signals published while a run is paused are consumed first in, first out, after it is resumed (scenario 17)', async (t) => {
  const three = workflow('three', (n$: Observable<number>) =>
    n$.pipe(
      awaitSignal(go),
      awaitSignal(go, (second, first) => `${first} ${second}`),
      awaitSignal(go, (third, two) => `${two} ${third}`),
    ),
  );
  const engine = await lifeOf(t, { workflows: [three] });
  const run = await engine.start(three, 1);
  await ask(engine, run, 'pause');

  for (const text of ['a', 'b']) await run.signal(go, text);
  t.is(countOf(await run.events(), 'signal-received'), 0);
  await engine.crash();
  await run.signal(go, 'c');
  await ask(engine, run, 'resume');

  t.is(await run.result(), 'a b c');
});

test('a signal published in a pause beats a timeout that was due later in it (scenario 20)', async (t) => {
  const either = workflow('either', (n$: Observable<number>) =>
    n$.pipe(
      mergeMap(() => {
        const signal$ = of(0).pipe(awaitSignal(go));
        return signal$.pipe(raceWith(timer(7 * 24 * hour).pipe(map(() => 'too late'))));
      }),
    ),
  );
  const engine = await lifeOf(t, { workflows: [either] });
  const run = await engine.start(either, 1);
  await engine.advance('2 days');
  await ask(engine, run, 'pause');
  await engine.advance('1 day');
  await run.signal(go, 'in time');
  await engine.advance('5 days');

  await ask(engine, run, 'resume');

  t.is(await run.result(), 'in time');
});

test('a failed attempt in a pause is repeated when it is due, not before the pause is over', async (t) => {
  const retried = jobOf('retried', 3);
  const one = workflow('one', (text$: Observable<string>) => text$.pipe(activity(retried)));
  const engine = await lifeOf(t, {
    workflows: [one],
    activities: {
      retried: takes('1 hour', (text: string, { attempt }) => {
        if (attempt < 2) throw new Error('busy');
        return text;
      }),
    },
  });
  const run = await engine.start(one, 'x');
  await ask(engine, run, 'pause');

  await engine.advance('5 hours');
  t.deepEqual(doneIn(engine), ['retried@1']);
  await ask(engine, run, 'resume');

  t.is(await run.result(), 'x');
  t.deepEqual(doneIn(engine), ['retried@1', 'retried@2']);
});

test('a run that is paused before it begins does nothing until it is resumed', async (t) => {
  const engine = await lifeOf(t, { workflows: [four], activities: hourly });
  const begin = engine.clock.now();
  const run = await engine.start(four, letters, { startAt: begin + hour });

  await ask(engine, run, 'pause');
  await engine.advance('1 day');
  t.deepEqual(doneIn(engine), []);
  await ask(engine, run, 'resume');

  t.deepEqual(await run.result(), ['A', 'B', 'C', 'D']);
});
