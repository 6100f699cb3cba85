import test from 'ava';
import type { Observable } from 'rxjs';
import { activity, finalizeWith, workflow } from '../../source/index.js';
import { takes, type StubContext } from '../../source/testing/index.js';
import { ask, four, hourly, letters } from '../_support/four-jobs.js';
import { countOf, jobOf, lifeOf } from '../_support/life.js';

const job = jobOf('job');

test('a pause, a resume and a cancel twice in a row are one each (scenario 22)', async (t) => {
  const engine = await lifeOf(t, { workflows: [four], activities: hourly });
  const run = await engine.start(four, letters);
  await engine.advance('90 minutes');

  await ask(engine, run, 'pause');
  await ask(engine, run, 'pause');
  await ask(engine, run, 'resume');
  await ask(engine, run, 'resume');
  await ask(engine, run, 'cancel');
  await engine.tempolite.run(run.id).cancel();
  await t.throwsAsync(run.result(), { code: 'RUN_CANCELLED' });
  await engine.tempolite.run(run.id).cancel();

  const events = await run.events();
  t.is(countOf(events, 'run-paused'), 1);
  t.is(countOf(events, 'run-resumed'), 1);
  t.is(countOf(events, 'cancel-requested'), 1);
  t.is(countOf(events, 'run-cancelled'), 1);
});

test('requests that are made at once are decided in their order, each once', async (t) => {
  const engine = await lifeOf(t, { workflows: [four], activities: hourly });
  const run = await engine.start(four, letters);
  const handle = engine.tempolite.run(run.id);

  await engine.clock.until(Promise.all([handle.pause(), handle.pause()]));
  await engine.clock.until(Promise.all([handle.resume(), handle.resume()]));

  t.deepEqual(await run.result(), ['A', 'B', 'C', 'D']);
  t.is(countOf(await run.events(), 'run-paused'), 1);
  t.is(countOf(await run.events(), 'run-resumed'), 1);
});

test('a resume that is asked for while a pause waits for clean-up comes after the pause', async (t) => {
  const cleaning = workflow(
    'cleaning',
    { retry: { maxAttempts: 2, initialInterval: '10 minutes', maxInterval: '1 hour', jitter: 0 } },
    (text$: Observable<string>) =>
      text$.pipe(
        activity(job),
        finalizeWith('tidy', () => undefined),
      ),
  );
  const failOnce = async (text: string, { after, dropped }: StubContext): Promise<string> => {
    await after('1 hour');
    if (dropped === 0) throw new Error('not yet');
    return text;
  };
  const engine = await lifeOf(t, {
    workflows: [cleaning],
    activities: { job: failOnce, tidy: takes('1 hour', () => undefined) },
  });
  const run = await engine.start(cleaning, 'x');
  const handle = engine.tempolite.run(run.id);
  await engine.advance('90 minutes');

  const asked = Promise.all([handle.pause(), handle.resume()]);
  await engine.settle();
  t.is(countOf(await run.events(), 'run-paused'), 0, 'it cleans up');
  await engine.clock.until(asked);

  t.is(await run.result(), 'x');
  t.is(countOf(await run.events(), 'run-paused'), 1);
  t.is(countOf(await run.events(), 'run-resumed'), 1);
});

test('a pause that is asked for behind a resume comes after it', async (t) => {
  const engine = await lifeOf(t, { workflows: [four], activities: hourly });
  const run = await engine.start(four, letters);
  const handle = engine.tempolite.run(run.id);
  await engine.advance('90 minutes');
  await ask(engine, run, 'pause');

  await engine.clock.until(Promise.all([handle.resume(), handle.pause()]));

  t.is((await run.state()).status, 'paused');
  t.is(countOf(await run.events(), 'run-paused'), 2);
});
