import test from 'ava';
import { firstValueFrom, map, toArray, type Observable } from 'rxjs';
import { activity, awaitSignal, defineSignal, now, workflow } from '../../source/index.js';
import { engineOf } from '../_support/engine.js';
import { databaseOf } from '../_support/folder.js';

const day = 24 * 60 * 60 * 1000;
const go = defineSignal<string>('go');

/** Says when it began, in days. */
const punctual = workflow('punctual', (_$: Observable<number>) =>
  _$.pipe(
    activity('look', () => undefined),
    map(() => now() / day),
  ),
);
const asked = workflow('asked', (_$: Observable<number>) =>
  _$.pipe(
    awaitSignal(go),
    map((word) => `${word} on day ${now() / day}`),
  ),
);

test('a signal does not start a run before its time, and is there when it starts', async (t) => {
  const { tempolite, clock } = await engineOf(t, { workflows: [asked] });
  const start = clock.now();
  const run = await tempolite.start(asked, 1, { startAt: start + day });

  await run.signal(go, 'now');
  await clock.settle();
  const { status } = await firstValueFrom(run.state$);
  const result = await clock.until(run.result());

  t.is(status, 'pending');
  t.is(result, `now on day ${(start + day) / day}`);
});

test('an engine that finds a signal for a run does not start it before its time', async (t) => {
  const url = databaseOf(t);
  const first = await engineOf(t, { workflows: [asked], url });
  const { clock } = first;
  const start = clock.now();
  await (await first.tempolite.start(asked, 1, { id: 'a', startAt: start + day })).signal(go, 'now');
  await first.tempolite.close();

  const { tempolite } = await engineOf(t, { workflows: [asked], url, clock });

  t.is(await clock.until(tempolite.run('a').result()), `now on day ${(start + day) / day}`);
});

test('a run that is paused before its time and resumed starts in time', async (t) => {
  const { tempolite, clock } = await engineOf(t, { workflows: [punctual] });
  const start = clock.now();
  const run = await tempolite.start(punctual, 1, { startAt: start + day });

  await clock.until(run.pause());
  await clock.until(run.resume());
  await clock.settle();
  const { status, wakeAt } = await firstValueFrom(run.state$);
  const result = await clock.until(run.result());

  t.deepEqual([status, wakeAt], ['pending', start + day]);
  t.is(result, (start + day) / day);
});

test('a run that is paused beyond its time starts when it is resumed', async (t) => {
  const { tempolite, clock } = await engineOf(t, { workflows: [punctual] });
  const start = clock.now();
  const run = await tempolite.start(punctual, 1, { startAt: start + day });

  await clock.until(run.pause());
  await clock.advance(2 * day);
  const { status } = await firstValueFrom(run.state$);
  await clock.until(run.resume());

  t.is(status, 'paused');
  t.is(await clock.until(run.result()), (start + 2 * day) / day);
});

test('a run that is cancelled before its time ends at once and does nothing', async (t) => {
  const { tempolite, clock } = await engineOf(t, { workflows: [punctual] });
  const run = await tempolite.start(punctual, 1, { startAt: clock.now() + day });

  await run.cancel();
  await t.throwsAsync(clock.until(run.result()), { code: 'RUN_CANCELLED' });

  const types = await firstValueFrom(
    run.events$.pipe(
      map(({ type }) => type),
      toArray(),
    ),
  );
  t.deepEqual(types, ['started', 'cancel-requested', 'run-cancelled']);
});
