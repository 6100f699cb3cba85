import test from 'ava';
import { catchError, of, type Observable } from 'rxjs';
import { activity, awaitSignal, defineSignal, finalizeWith, workflow } from '../../source/index.js';
import { takes } from '../../source/testing/index.js';
import { perform } from '../../source/testing/perform.js';
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

for (const back of ['replay', 'rewind'] as const) {
  test(`a run that failed otherwise and is sent back by ${back} when its time is over has the whole time once more`, async (t) => {
    let isOpen = false;
    const pay = (n: number): number => {
      if (!isOpen) throw new Error('the bank is closed');
      return n;
    };
    const retry = { maxAttempts: 2, initialInterval: '10 minutes', maxInterval: '1 hour' } as const;
    const paying = workflow('paying', { timeout: '1 hour', retry }, (n$: Observable<number>) =>
      n$.pipe(
        activity('pay', pay, { retry: { maxAttempts: 1 } }),
        awaitSignal(note),
        activity('deliver', (text: string) => text),
      ),
    );
    const { tempolite, clock } = await engineOf(t, { workflows: [paying] });
    const run = await tempolite.start(paying, 1);
    await t.throwsAsync(clock.until(run.result()), { code: 'ACTIVITY_FAILED' });
    await clock.advance('1 day');

    const again = clock.now();
    await (back === 'replay' ? run.replay() : run.rewind(0));
    await clock.advance('5 minutes');
    isOpen = true;
    await clock.advance('50 minutes');
    await t.throwsAsync(clock.until(run.result()), { code: 'RUN_TIMEOUT' });

    t.is(clock.now() - again, 60 * 60 * 1000, 'its own retry does not give it more time');
  });
}

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

test('what fails in the instant of the timeout is not recorded behind the end of the run', async (t) => {
  const job = activity('job', (n: number) => n, { retry: { maxAttempts: 1 } });
  const fails = takes('1 second', () => Promise.reject(new Error('no')));
  const life = {
    workflow: workflow('late', { timeout: '1 second' }, (n$: Observable<number>) => n$.pipe(job)),
    world: { activities: { job: fails } },
  };

  const { violations, histories } = await perform(asked(life));

  t.deepEqual(violations, []);
  t.deepEqual(
    histories[0]?.events.map(({ type }) => type),
    ['started', 'timer-fired', 'run-failed'],
  );
});
