import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import test from 'ava';
import { catchError, delay, firstValueFrom, mergeMap, NEVER, of, retry, type Observable } from 'rxjs';
import {
  activity,
  awaitSignal,
  childWorkflow,
  continueAsNew,
  defineSignal,
  duration,
  finalizeWith,
  workflow,
  type ActivityContext,
} from '../../source/index.js';
import { faultsOf } from '../_support/check-journal.js';
import { deferred, engineOf } from '../_support/engine.js';
import { folderOf } from '../_support/folder.js';
import { program } from '../_support/program.js';

const note = defineSignal<string>('note');

test('a cancellation reaches the running activity by its AbortSignal, and no retry or catchError swallows it (scenario 23)', async (t) => {
  const aborted = deferred<string>();
  let calls = 0;
  const stubborn = workflow('stubborn', (n$: Observable<number>) =>
    n$.pipe(
      activity('work', (_: number, { signal }: ActivityContext<number>) => {
        calls += 1;
        return new Promise<string>((_, reject) => {
          signal.addEventListener('abort', () => {
            aborted.resolve('heard');
            reject(signal.reason as Error);
          });
        });
      }),
      catchError(() => of('swallowed')),
      retry(),
    ),
  );
  const { tempolite, clock } = await engineOf(t, { workflows: [stubborn] });
  const run = await tempolite.start(stubborn, 1);
  await clock.settle();

  await run.cancel();

  await t.throwsAsync(clock.until(run.result()), { code: 'RUN_CANCELLED' });
  t.is(await aborted.promise, 'heard');
  t.is(calls, 1);
});

test('the result of a cancelled run rejects afterwards too, and in another process (scenario 23)', async (t) => {
  const waiting = workflow('waiting', (n$: Observable<number>) => n$.pipe(awaitSignal(note)));
  const first = await engineOf(t, { workflows: [waiting] });
  const run = await first.tempolite.start(waiting, 1, { id: 'waiting' });
  await run.cancel();
  await t.throwsAsync(first.clock.until(run.result()), { code: 'RUN_CANCELLED' });
  await t.throwsAsync(run.result(), { code: 'RUN_CANCELLED' });
  await first.tempolite.close();

  const second = await engineOf(t, { workflows: [waiting], url: first.url, clock: first.clock });

  await t.throwsAsync(second.tempolite.run('waiting').result(), { code: 'RUN_CANCELLED' });
});

test('a run that waits for nothing is cancelled (scenario 23)', async (t) => {
  const idle = workflow('idle', (n$: Observable<number>) => n$.pipe(mergeMap(() => NEVER)));
  const { tempolite, clock } = await engineOf(t, { workflows: [idle], parkAfterMs: 0, evictAfterMs: 0 });
  const run = await tempolite.start(idle, 1);
  await clock.advance('1 day');

  await run.cancel();

  await t.throwsAsync(clock.until(run.result()), { code: 'RUN_CANCELLED' });
});

test('a run that is to start later, and one whose workflow nobody knows, are cancelled', async (t) => {
  const waiting = workflow('waiting', (n$: Observable<number>) => n$.pipe(awaitSignal(note)));
  const first = await engineOf(t, { workflows: [waiting] });
  const later = await first.tempolite.start(waiting, 1, { startAt: first.clock.now() + 1000 });
  await later.cancel();
  await t.throwsAsync(first.clock.until(later.result()), { code: 'RUN_CANCELLED' });
  await first.tempolite.start(waiting, 1, { id: 'unknown' });
  await first.clock.settle();
  await first.tempolite.close();
  const other = workflow('other', (n$: Observable<number>) => n$);
  const between = await engineOf(t, { workflows: [other], url: first.url, clock: first.clock });
  await between.tempolite.run('unknown').cancel();
  await between.tempolite.close();

  const last = await engineOf(t, { workflows: [waiting], url: first.url, clock: first.clock });

  await t.throwsAsync(last.clock.until(last.tempolite.run('unknown').result()), { code: 'RUN_CANCELLED' });
});

for (const onClose of ['cancel', 'terminate', 'abandon'] as const) {
  test(`a cancellation cascades to children by their policy: ${onClose} (scenario 23)`, async (t) => {
    const tidied: string[] = [];
    const kid = workflow('kid', (n$: Observable<number>) =>
      n$.pipe(
        delay(duration('1 day')),
        finalizeWith('tidy', () => {
          tidied.push('kid');
        }),
      ),
    );
    const mother = workflow('mother', (n$: Observable<number>) => n$.pipe(childWorkflow(kid, { onClose })));
    const { tempolite, clock } = await engineOf(t, { workflows: [mother, kid] });
    const run = await tempolite.start(mother, 1);
    await clock.settle();

    await run.cancel();
    await t.throwsAsync(clock.until(run.result()), { code: 'RUN_CANCELLED' });
    await clock.advance('2 days');

    const [child] = await tempolite.list({ workflow: 'kid' });
    const ends = { cancel: 'cancelled', terminate: 'terminated', abandon: 'completed' } as const;
    t.is(child?.status, ends[onClose]);
    t.deepEqual(tidied, onClose === 'terminate' ? [] : ['kid']);
  });
}

test('clean-up that gives up is in the errors of the cancellation', async (t) => {
  const cleaning = workflow('cleaning', (n$: Observable<number>) =>
    n$.pipe(
      awaitSignal(note),
      finalizeWith(
        'tidy',
        () => {
          throw new Error('locked');
        },
        { retry: { maxAttempts: 1 } },
      ),
    ),
  );
  const { tempolite, clock } = await engineOf(t, { workflows: [cleaning] });
  const run = await tempolite.start(cleaning, 1);

  await run.cancel();

  const error = await t.throwsAsync<Error & { errors: (Error & { cause: Error })[] }>(clock.until(run.result()));
  t.is((error as { code?: string }).code, 'RUN_CANCELLED');
  t.deepEqual(
    error.errors.map(({ cause }) => cause.message),
    ['locked'],
  );
});

test('clean-up that never ends is not waited for beyond its limit', async (t) => {
  const cleaning = workflow('cleaning', { cleanUpLimit: '1 hour' }, (n$: Observable<number>) =>
    n$.pipe(
      awaitSignal(note),
      finalizeWith('tidy', () => new Promise(() => undefined)),
    ),
  );
  const { tempolite, clock } = await engineOf(t, { workflows: [cleaning] });
  const run = await tempolite.start(cleaning, 1);
  await clock.settle();
  const before = clock.now();

  await run.cancel();

  await t.throwsAsync(clock.until(run.result()), { code: 'RUN_CANCELLED' });
  t.is(clock.now() - before, 60 * 60 * 1000);
});

test('a run that has completed fails when its clean-up runs into its limit; what is left of that is told to stop', async (t) => {
  const stopped: unknown[] = [];
  const cleaning = workflow('cleaning', { cleanUpLimit: '1 hour' }, (n$: Observable<number>) =>
    n$.pipe(
      finalizeWith('quick', () => undefined),
      finalizeWith('tidy', (context) => {
        context.signal.addEventListener('abort', () => stopped.push(context.stepKey));
        return new Promise(() => undefined);
      }),
    ),
  );
  const { tempolite, clock } = await engineOf(t, { workflows: [cleaning] });
  const run = await tempolite.start(cleaning, 1);
  const before = clock.now();

  const error = await t.throwsAsync<Error & { errors: Error[] }>(clock.until(run.result()), { code: 'CLEANUP_FAILED' });

  t.is(clock.now() - before, 60 * 60 * 1000);
  t.regex(error.errors.map(({ message }) => message).join(), /took longer than its limit/);
  t.deepEqual(stopped, ['finalizer:tidy#0']);
  t.is(await firstValueFrom(run.output$), 1);
});

test('a run that continues as new is cancelled in its next link when that is asked while it cleans up', async (t) => {
  const gate = deferred();
  const links = workflow('links', (n$: Observable<number>) =>
    n$.pipe(
      mergeMap((n): Observable<never> => (n === 0 ? continueAsNew(1) : NEVER)),
      finalizeWith('tidy', () => gate.promise),
    ),
  );
  const { tempolite, clock } = await engineOf(t, { workflows: [links] });
  const run = await tempolite.start(links, 0);
  await clock.settle();
  await run.cancel();
  await clock.settle();
  gate.resolve();

  await t.throwsAsync(clock.until(run.result()), { code: 'RUN_CANCELLED' });
});

test('clean-up after a cancellation is durable: killed in its middle, it goes on and each part runs once (scenario 24)', async (t) => {
  const folder = folderOf(t);
  const url = `file:${join(folder, 'runs.db')}`;
  const world = join(folder, 'world');

  const { signal } = await program(t, 'clean-up', [url, world, 'kill']).ended;
  const told = await program(t, 'clean-up', [url, world, 'live']).message<{ code: string }>(() => true);

  t.is(signal, 'SIGKILL');
  t.is(told.code, 'RUN_CANCELLED');
  // What was in flight is done again.
  t.deepEqual(readFileSync(world, 'utf8').trim().split('\n').sort(), ['tidy', 'unmake', 'unmake']);
  t.deepEqual(await faultsOf(url), []);
});
