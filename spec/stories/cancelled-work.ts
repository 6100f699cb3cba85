import test from 'ava';
import { catchError, NEVER, of, retry, type Observable } from 'rxjs';
import {
  activity,
  awaitSignal,
  defineSignal,
  finalizeWith,
  saga,
  step,
  Tempolite,
  workflow,
} from '../../source/index.js';
import { deferred, engineOf } from '../_support/engine.js';

const go = defineSignal<string>('go');

test('a cancellation reaches a running activity through its AbortSignal (scenario 23)', async (t) => {
  const begun = deferred();
  const aborted = deferred<unknown>();
  const long = workflow('long', (text$: Observable<string>) =>
    text$.pipe(
      activity('long', (_text: string, { signal }) => {
        begun.resolve();
        return new Promise<string>((_resolve, reject) => {
          signal.addEventListener('abort', () => {
            aborted.resolve(signal.reason);
            reject(new Error('aborted'));
          });
        });
      }),
    ),
  );
  const { tempolite, clock } = await engineOf(t, { workflows: [long] });
  const run = await tempolite.start(long, 'x');
  await clock.until(begun.promise);

  await run.cancel();

  t.is(((await clock.until(aborted.promise)) as Error).name, 'AbortError');
  await t.throwsAsync(clock.until(run.result()), { code: 'RUN_CANCELLED' });
});

test('a cancellation is not swallowed by retry() or catchError (scenario 23)', async (t) => {
  const begun = deferred();
  const calls: number[] = [];
  const stubborn = workflow('stubborn', (text$: Observable<string>) =>
    text$.pipe(
      activity('stubborn', (_text: string, { attempt }) => {
        calls.push(attempt);
        begun.resolve();
        return new Promise<string>(() => undefined);
      }),
      retry(),
      catchError(() => of('fallback')),
    ),
  );
  const { tempolite, clock } = await engineOf(t, { workflows: [stubborn] });
  const run = await tempolite.start(stubborn, 'x');
  await clock.until(begun.promise);

  await run.cancel();
  await t.throwsAsync(clock.until(run.result()), { code: 'RUN_CANCELLED' });

  t.deepEqual(calls, [1]);
});

test('a cancellation compensates sagas, and what was in flight if it took effect all the same (scenario 23)', async (t) => {
  const world: string[] = [];
  const begun = deferred();
  const finish = deferred();
  const trip = workflow('trip', (text$: Observable<string>) =>
    text$.pipe(
      saga(
        'trip',
        step(
          'a',
          (text: string) => `${text}a`,
          (result) => world.push(`undo ${result}`),
        ),
        step(
          'b',
          async (text: string, { signal }) => {
            begun.resolve();
            await finish.promise;
            world.push(`b, ${signal.aborted ? 'told to stop' : 'not told'}`);
            return `${text}b`;
          },
          (result) => world.push(`undo ${result}`),
        ),
      ),
      catchError(() => of('fallback')),
    ),
  );
  const { tempolite, clock } = await engineOf(t, { workflows: [trip] });
  const run = await tempolite.start(trip, '-');
  await clock.until(begun.promise);

  await run.cancel();
  await clock.advance('1 hour');
  finish.resolve();
  await t.throwsAsync(clock.until(run.result()), { code: 'RUN_CANCELLED' });

  t.deepEqual(world, ['b, told to stop', 'undo -ab', 'undo -a']);
});

test('a cancellation ends a run that waits for nothing, and one that waits for a signal (scenario 23)', async (t) => {
  const idle = workflow('idle', () => NEVER);
  const asking = workflow('asking', (text$: Observable<string>) => text$.pipe(awaitSignal(go)));
  const { tempolite, clock } = await engineOf(t, { workflows: [idle, asking] });

  for (const definition of [idle, asking]) {
    const run = await tempolite.start(definition as typeof asking, 'x');
    await clock.advance('1 day');
    await run.cancel();
    await t.throwsAsync(clock.until(run.result()), { code: 'RUN_CANCELLED' });
  }
});

test('result() of a cancelled run rejects afterwards, too, and in another engine (scenario 23)', async (t) => {
  const asking = workflow('asking', (text$: Observable<string>) => text$.pipe(awaitSignal(go)));
  const { tempolite, clock, url } = await engineOf(t, { workflows: [asking] });
  const run = await tempolite.start(asking, 'x', { id: 'r' });
  await clock.advance(1);
  await run.cancel();
  await t.throwsAsync(clock.until(run.result()), { code: 'RUN_CANCELLED' });

  await t.throwsAsync(run.result(), { code: 'RUN_CANCELLED' });
  await tempolite.close();
  const next = await Tempolite.open({ url, workflows: [asking], clock });
  t.teardown(() => next.close());

  await t.throwsAsync(next.run('r', asking).result(), { code: 'RUN_CANCELLED', message: /"r" was cancelled/ });
});

test('clean-up after a cancellation goes on in the next engine, and runs once (scenario 24)', async (t) => {
  const world: string[] = [];
  const say = (text: string) => (): void => {
    world.push(text);
  };
  const begun = deferred();
  let hold: Promise<void> | undefined = new Promise<void>(() => undefined);
  const trip = workflow('trip', (text$: Observable<string>) =>
    text$.pipe(
      saga(
        'trip',
        step('a', (text: string) => `${text}a`, say('undo a')),
        step('b', (text: string) => `${text}b`, say('undo b')),
        step(
          'c',
          (text: string) => `${text}c`,
          async () => {
            begun.resolve();
            await hold;
            world.push('undo c');
          },
        ),
        awaitSignal(go),
      ),
      finalizeWith('tidy', say('tidy')),
    ),
  );
  const { tempolite, clock, url } = await engineOf(t, { workflows: [trip] });
  const run = await tempolite.start(trip, '-', { id: 'r' });
  await clock.advance('1 hour');
  await run.cancel();
  await clock.until(begun.promise);
  await clock.advance('1 hour');
  t.deepEqual(world, ['tidy']);
  await tempolite.close();

  hold = undefined;
  const next = await engineOf(t, { workflows: [trip], url, clock });
  await t.throwsAsync(clock.until(next.tempolite.run('r', trip).result()), { code: 'RUN_CANCELLED' });

  t.deepEqual(world, ['tidy', 'undo c', 'undo b', 'undo a']);
});
