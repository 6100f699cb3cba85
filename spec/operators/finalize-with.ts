import test from 'ava';
import {
  catchError,
  concat,
  concatMap,
  EMPTY,
  from,
  map,
  merge,
  mergeMap,
  NEVER,
  of,
  range,
  take,
  takeUntil,
  throwError,
  timer,
  type MonoTypeOperatorFunction,
} from 'rxjs';
import { finalizeWith, workflow, type ActivityContext } from '../../source/index.js';
import { requestAt } from '../../source/testing/scene.js';
import { once, play } from '../_support/bookings.js';
import { engineOf } from '../_support/engine.js';
import { played } from '../_support/played.js';

const tidy = (name = 't:5'): MonoTypeOperatorFunction<string> => finalizeWith(name, () => undefined, { retry: once });

test('finalizeWith lets values pass and runs when its source has completed; the run ends after it', async (t) => {
  const scene = play(() => from(['x', 'y']).pipe(tidy()));

  const { shown, done } = await played(scene);

  t.deepEqual(shown, ['0 "x"', '0 "y"', '5 completed']);
  t.deepEqual(done, ['0 t:5']);
});

test('finalizeWith runs after an empty source', async (t) => {
  const scene = play(() => EMPTY.pipe(tidy()));

  const { shown, done } = await played(scene);

  t.deepEqual(shown, ['5 completed']);
  t.deepEqual(done, ['0 t:5']);
});

test('finalizeWith does not run while its source goes on', async (t) => {
  const scene = play(() => NEVER.pipe(tidy()));

  const { done, status } = await played(scene);

  t.deepEqual(done, []);
  t.is(status, 'waiting');
});

test('finalizeWith runs after an error of its source, which goes on at once', async (t) => {
  const source$ = timer(10).pipe(mergeMap(() => throwError(() => new Error('no more'))));
  const scene = play(() =>
    source$.pipe(
      tidy('t:50'),
      catchError((error: unknown) => of((error as Error).message)),
    ),
  );

  const { shown, done } = await played(scene);

  t.deepEqual(shown, ['10 "no more"', '60 completed']);
  t.deepEqual(done, ['10 t:50']);
});

test('finalizeWith runs when a projector behind it throws', async (t) => {
  const scene = play((text$) =>
    text$.pipe(
      tidy(),
      map(() => {
        throw new TypeError('a bug');
      }),
    ),
  );

  const { shown, done } = await played(scene);

  t.deepEqual(shown, ['5 failed']);
  t.deepEqual(done, ['0 t:5']);
});

test('finalizeWith runs when it is unsubscribed from', async (t) => {
  const scene = play(() => concat(NEVER.pipe(tidy('t:30'), takeUntil(timer(10))), timer(10).pipe(map(() => 'after'))));

  const { shown, done } = await played(scene);

  t.deepEqual(shown, ['20 "after"', '40 completed']);
  t.deepEqual(done, ['10 t:30']);
});

test('finalizeWith of a synchronous firehose runs once', async (t) => {
  const scene = play(() =>
    range(0, 1000).pipe(
      map((n) => `${n}`),
      tidy(),
      take(2),
    ),
  );

  const { shown, done } = await played(scene);

  t.deepEqual(shown, ['0 "0"', '0 "1"', '5 completed']);
  t.deepEqual(done, ['0 t:5']);
});

test('finalizeWith runs once for each subscription, inner ones first', async (t) => {
  const scene = play(() =>
    from(['x', 'y']).pipe(
      concatMap((text) => of(text).pipe(tidy())),
      tidy('u:5'),
    ),
  );

  const { done } = await played(scene);

  t.deepEqual(done, ['0 t:5', '0 t:5', '0 u:5']);
});

test('finalizeWith runs when its run is cancelled', async (t) => {
  const scene = play(() => NEVER.pipe(tidy()), { requests: [requestAt(20, 'cancel')] });

  const { shown, done, error } = await played(scene);

  t.deepEqual(shown, ['25 cancelled']);
  t.deepEqual(done, ['20 t:5']);
  t.is((error as { readonly code: string }).code, 'RUN_CANCELLED');
});

test('finalizeWith that gives up fails a run that had completed, and only says so in one that had failed', async (t) => {
  const completed = play((text$) => text$.pipe(tidy('t:5!')));
  const failed = play((text$) =>
    merge(
      text$,
      throwError(() => new Error('no more')),
    ).pipe(tidy('t:5!')),
  );

  const first = await played(completed);
  const second = await played(failed);

  t.deepEqual(first.shown, ['0 ""', '5 failed']);
  t.like(first.error, { code: 'CLEANUP_FAILED', cause: undefined });
  t.deepEqual(second.shown, ['0 ""', '5 failed']);
  t.like(second.error, { code: 'CLEANUP_FAILED', cause: { message: 'no more' } });
  t.regex(String((second.error as { readonly errors: unknown[] }).errors[0]), /t is sold out/);
});

test('finalizeWith has retries, and is told nothing but its context', async (t) => {
  const seen: unknown[] = [];
  const flaky = (context: ActivityContext<undefined>): void => {
    seen.push([context.input, context.attempt, context.idempotencyKey]);
    if (context.attempt < 2) throw new Error('down');
  };
  const tidied = workflow('tidied', () => of(1).pipe(finalizeWith('tidy', flaky, { retry: { maxAttempts: 2 } })));
  const { tempolite, clock } = await engineOf(t, { workflows: [tidied] });

  const run = await tempolite.start(tidied, undefined, { id: 'r' });
  t.is(await clock.until(run.result()), 1);

  t.deepEqual(seen, [
    [undefined, 1, 'r/0/finalizer:tidy#0'],
    [undefined, 2, 'r/0/finalizer:tidy#0'],
  ]);
});

test('finalizeWith is left alone by an engine that closes', async (t) => {
  const seen: unknown[] = [];
  const waiting = workflow('waiting', () => timer(60_000).pipe(finalizeWith('tidy', ({ runId }) => seen.push(runId))));
  const { tempolite, clock, url } = await engineOf(t, { workflows: [waiting] });
  await tempolite.start(waiting, undefined, { id: 'r' });
  await tempolite.close();
  t.deepEqual(seen, []);

  const next = await engineOf(t, { workflows: [waiting], url, clock });
  await clock.until(next.tempolite.run('r', waiting).result());

  t.deepEqual(seen, ['r']);
});

test('finalizeWith refuses a name that cannot be recorded', (t) => {
  t.throws(() => tidy(''), { code: 'INVALID_ARGUMENT' });
});
