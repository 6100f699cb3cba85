import test from 'ava';
import { catchError, of, type Observable } from 'rxjs';
import { awaitSignal, defineSignal, finalizeWith, workflow } from '../../source/index.js';
import { engineOf } from '../_support/engine.js';
import { asked, others, statusOf, swept } from '../_support/lives.js';

const note = defineSignal<string>('note');

test('a run that takes longer than its timeout fails, cleans up, and no catchError swallows that', async (t) => {
  const tidied: number[] = [];
  const time = { now: (): number => 0 };
  const waiting = workflow('waiting', { timeout: '1 hour' }, (n$: Observable<number>) =>
    n$.pipe(
      awaitSignal(note),
      catchError(() => of('swallowed')),
      finalizeWith('tidy', () => {
        tidied.push(time.now());
      }),
    ),
  );
  const { tempolite, clock } = await engineOf(t, { workflows: [waiting] });
  const start = clock.now();
  time.now = () => clock.now() - start;

  await t.throwsAsync(clock.until((await tempolite.start(waiting, 1)).result()), { code: 'RUN_TIMEOUT' });
  t.deepEqual(tidied, [60 * 60 * 1000]);
});

test('the retry policy does not repeat a timeout; replayed, the run has the whole time once more', async (t) => {
  const waiting = workflow('waiting', { timeout: '1 hour', retry: { maxAttempts: 5 } }, (n$: Observable<number>) =>
    n$.pipe(awaitSignal(note)),
  );
  const { tempolite, clock } = await engineOf(t, { workflows: [waiting] });
  const run = await tempolite.start(waiting, 1);
  await t.throwsAsync(clock.until(run.result()), { code: 'RUN_TIMEOUT' });
  await clock.advance('1 day');

  await run.replay();
  await clock.advance('59 minutes');
  await run.signal(note, 'just in time');

  t.is(await clock.until(run.result()), 'just in time');
});

test('a timeout goes on while no process is up', async (t) => {
  const waiting = workflow('waiting', { timeout: '1 hour' }, (n$: Observable<number>) => n$.pipe(awaitSignal(note)));
  const first = await engineOf(t, { workflows: [waiting] });
  await first.tempolite.start(waiting, 1, { id: 'run' });
  await first.clock.settle();
  await first.tempolite.close();
  await first.clock.advance('2 hours');

  const second = await engineOf(t, { workflows: [waiting], url: first.url, clock: first.clock });

  await t.throwsAsync(second.clock.until(second.tempolite.run('run').result()), { code: 'RUN_TIMEOUT' });
});

test('a run that is timed out, paused or not, with a crash anywhere', async (t) => {
  const life = { ...others.timed, world: { ...others.timed.world, signals: [] } };

  t.is(statusOf(await swept(asked(life), 5)), 'failed');
  t.is(statusOf(await swept(asked(life, [2137, 'pause'], [20_137, 'resume']), 5)), 'failed');
  t.is(statusOf(await swept(asked(life, [8137, 'replay']), 5)), 'failed');
  t.is(statusOf(await swept(asked(life, [5637, 'cancel']), 5)), 'failed');
});
