import test from 'ava';
import {
  catchError,
  concat,
  concatMap,
  EMPTY,
  from,
  map,
  mergeMap,
  NEVER,
  of,
  range,
  switchMap,
  take,
  takeUntil,
  throwError,
  timer,
} from 'rxjs';
import { activity, finalizeWith, RunError, workflow } from '../../source/index.js';
import { crashEverywhere } from '../../source/testing/index.js';
import { bookings, once } from '../_support/bookings.js';
import { codeOf, messageOf, outcomeOf, rootOf } from '../_support/outcome.js';

const finalizer = (done: string[], name = 'tidy') =>
  finalizeWith<string>(name, ({ runId, input }) => {
    done.push(`${name} ${runId} ${String(input)}`);
  });

test('values pass by, and it runs once when the source completes', async (t) => {
  const done: string[] = [];

  const { outputs, error } = await outcomeOf(t, () => from(['1', '2']).pipe(finalizer(done)));

  t.is(error, undefined);
  t.deepEqual(outputs, ['1', '2']);
  t.deepEqual(done, ['tidy run undefined']);
});

test('it runs when the source is empty', async (t) => {
  const done: string[] = [];

  t.deepEqual(await outcomeOf(t, () => EMPTY.pipe(finalizer(done))), { outputs: [], error: undefined });
  t.is(done.length, 1);
});

test('a source that never ends is finalized when its run is cancelled', async (t) => {
  const done: string[] = [];

  const { error } = await outcomeOf(t, () => NEVER.pipe(finalizer(done)), { cancel: true });

  t.is(codeOf(error), 'RUN_CANCELLED');
  t.is(done.length, 1);
});

test('an error in the source goes on at once, and the run ends after the finalizer', async (t) => {
  const done: string[] = [];

  const { outputs, error } = await outcomeOf(t, () =>
    throwError(() => new Error('source')).pipe(
      finalizer(done),
      catchError(() => of(`caught after ${done.length}`)),
    ),
  );

  t.is(error, undefined);
  t.deepEqual(outputs, ['caught after 0']);
  t.is(done.length, 1);
});

test('an error in a projector is the error of the run, the finalizers of both its sides run', async (t) => {
  const done: string[] = [];

  const { error } = await outcomeOf(t, (text$) =>
    text$.pipe(
      finalizer(done, 'above'),
      map((): string => {
        throw new Error('projector');
      }),
      finalizer(done, 'below'),
    ),
  );

  t.is(messageOf(error), 'projector');
  t.deepEqual([...done].sort(), ['above run undefined', 'below run undefined']);
});

test('an early unsubscription finalizes that part, the run goes on meanwhile', async (t) => {
  const done: string[] = [];

  const { outputs } = await outcomeOf(t, () =>
    concat(
      NEVER.pipe(finalizer(done), takeUntil(timer(1000))),
      of('next').pipe(map((text) => `${text} after ${done.length}`)),
      timer(1000).pipe(map(() => `later after ${done.length}`)),
    ),
  );

  t.deepEqual(outputs, ['next after 0', 'later after 1']);
});

test('a synchronous firehose under take is finalized once', async (t) => {
  const done: string[] = [];

  const { outputs } = await outcomeOf(t, () => range(0, 1_000_000).pipe(map(String), finalizer(done), take(2)));

  t.deepEqual(outputs, ['0', '1']);
  t.is(done.length, 1);
});

test('each inner pipeline has its own', async (t) => {
  const done: string[] = [];

  await outcomeOf(t, () => from(['1', '2', '3']).pipe(concatMap((text) => of(text).pipe(finalizer(done)))));

  t.is(done.length, 3);
});

const givesUp = finalizeWith<string>(
  'tidy',
  () => {
    throw new Error('still there');
  },
  { retry: { maxAttempts: 2, initialInterval: '1 hour' } },
);

test('a completed run whose finalizer gives up has failed', async (t) => {
  const { outputs, error } = await outcomeOf(t, (text$) => text$.pipe(givesUp));

  t.deepEqual(outputs, ['']);
  t.is(codeOf(error), 'CLEANUP_FAILED');
  t.deepEqual((error as RunError).errors.map(rootOf), ['still there']);
});

test('a failed run whose finalizer gives up has both errors', async (t) => {
  const { error } = await outcomeOf(t, (text$) =>
    text$.pipe(
      mergeMap(() => throwError(() => new Error('source'))),
      givesUp,
    ),
  );

  t.is(codeOf(error), 'CLEANUP_FAILED');
  t.is(messageOf((error as RunError).cause), 'source');
  t.deepEqual((error as RunError).errors.map(rootOf), ['still there']);
});

test('a cancelled run whose finalizer gives up is cancelled, and says so', async (t) => {
  const { error } = await outcomeOf(t, () => NEVER.pipe(givesUp), { cancel: true });

  t.is(codeOf(error), 'RUN_CANCELLED');
  t.deepEqual((error as RunError).errors.map(rootOf), ['still there']);
});

test('a finalizer beyond the limit of clean-up is aborted and not waited for', async (t) => {
  const aborted: boolean[] = [];
  const slow = finalizeWith<string>('slow', ({ signal }) => {
    signal.addEventListener('abort', () => aborted.push(true));
    return new Promise(() => undefined);
  });

  const { outputs, error } = await outcomeOf(t, (text$) => text$.pipe(slow), { cleanUpLimit: '1 hour' });

  t.deepEqual(outputs, ['']);
  t.is(codeOf(error), 'CLEANUP_FAILED');
  t.regex(messageOf((error as RunError).errors[0]) ?? '', /3600000 ms/);
  t.deepEqual(aborted, [true]);
});

test('a crash after any event changes nothing', async (t) => {
  const moving = workflow('moving', () =>
    timer(0, 20).pipe(
      take(3),
      switchMap((n) =>
        of(`${n}`).pipe(
          activity('a:30', (text) => text, { retry: once }),
          finalizeWith('t:25', () => undefined),
        ),
      ),
    ),
  );

  const { effects } = await crashEverywhere(moving, '', { activities: bookings }, { pairs: 10 });

  t.is(effects.filter(({ activity: name }) => name === 't:25').length, 3);
});
