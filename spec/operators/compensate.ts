import test from 'ava';
import {
  catchError,
  concat,
  EMPTY,
  from,
  map,
  mergeMap,
  NEVER,
  of,
  take,
  takeUntil,
  timer,
  type Observable,
} from 'rxjs';
import { compensate, saga, SagaError } from '../../source/index.js';
import { book, play, rethrown } from '../_support/bookings.js';
import { played } from '../_support/played.js';

const trip = saga('trip', book('a:10'), book('b:10'));

/** Undoes the trips, then goes on. */
const undone = (): Observable<string> => concat(compensate('trip'), of('undone'));

test('compensate undoes the steps of a completed saga, last first, emits nothing and completes', async (t) => {
  const scene = play((text$) => text$.pipe(trip, mergeMap(undone)));

  const { shown, done } = await played(scene);

  t.deepEqual(shown, ['34 "undone"', '34 completed']);
  t.deepEqual(done.slice(2), ['20 trip/b:10.compensation', '27 trip/a:10.compensation']);
});

test('compensate undoes the saga of each value, the last one first', async (t) => {
  const scene = play(() => concat(from(['x', 'y']).pipe(saga('trip', book('a:10'))), undone()));

  const { shown, done } = await played(scene);

  t.deepEqual(shown, ['10 "xa"', '20 "ya"', '34 "undone"', '34 completed']);
  t.deepEqual(done.slice(2), ['20 trip/a:10.compensation', '27 trip/a:10.compensation']);
});

test('compensate does nothing where no saga has completed, and knows them by their name', async (t) => {
  const source$ = EMPTY.pipe(trip);
  const scene = play((text$) => concat(source$, undone(), text$.pipe(saga('tour', book('c:10'))), undone()));

  const { shown, done } = await played(scene);

  t.deepEqual(shown, ['0 "undone"', '10 "c"', '10 "undone"', '10 completed']);
  t.deepEqual(done, ['0 tour/c:10']);
});

test('compensate does nothing with a saga that is still under way', async (t) => {
  const scene = play((text$) => text$.pipe(saga('trip', book('a:10'), mergeMap(undone))));

  const { shown, done } = await played(scene);

  t.deepEqual(shown, ['10 "undone"', '10 completed']);
  t.deepEqual(done, ['0 trip/a:10']);
});

test('compensate after a source that never completes is not reached', async (t) => {
  const scene = play((text$) => concat(text$.pipe(trip), NEVER, undone()));

  const { done, status } = await played(scene);

  t.is(status, 'waiting');
  t.deepEqual(done, ['0 trip/a:10', '10 trip/b:10']);
});

test('compensate after an error undoes what had completed, and the error may go on', async (t) => {
  const failing = map((): string => {
    throw new TypeError('a bug');
  });
  const scene = play((text$) =>
    text$.pipe(
      trip,
      failing,
      catchError((error: unknown) => concat(compensate('trip'), rethrown(error))),
    ),
  );

  const { shown, done, error } = await played(scene);

  t.deepEqual(shown, ['34 failed']);
  t.is((error as Error).message, 'a bug');
  t.is(done.length, 4);
});

test('compensate passes over what has been undone', async (t) => {
  const scene = play((text$) => concat(text$.pipe(trip), undone(), undone()));

  const { shown, done } = await played(scene);

  t.deepEqual(shown, ['20 "ab"', '34 "undone"', '34 "undone"', '34 completed']);
  t.is(done.length, 4);
});

test('compensate that nobody listens to any more goes on all the same, and the run ends after it', async (t) => {
  const scene = play((text$) => concat(text$.pipe(trip), undone().pipe(takeUntil(timer(3)))));

  const { shown, done } = await played(scene);

  t.deepEqual(shown, ['20 "ab"', '34 completed']);
  t.deepEqual(done.slice(2), ['20 trip/b:10.compensation', '27 trip/a:10.compensation']);
});

test('compensate undoes no more sagas than it was let', async (t) => {
  const two$ = from(['x', 'y']).pipe(saga('trip', book('a:10')));
  const scene = play(() => concat(two$, undone().pipe(takeUntil(timer(3)))).pipe(take(5)));

  const { shown, done } = await played(scene);

  t.deepEqual(shown, ['10 "xa"', '20 "ya"', '27 completed']);
  t.deepEqual(done.slice(2), ['20 trip/a:10.compensation']);
});

test('compensate fails when compensations give up, after the others have run', async (t) => {
  const scene = play((text$) => concat(text$.pipe(saga('trip', book('a:10'), book('b:10~'))), undone()));

  const { done, error } = await played(scene);

  t.true(error instanceof SagaError);
  t.is((error as SagaError).code, 'COMPENSATION_FAILED');
  t.is((error as SagaError).cause, undefined);
  t.regex(String((error as SagaError).errors[0]), /b cannot be undone/);
  t.is(done.at(-1), '51 trip/a:10.compensation');
});

test('compensate that fails when nobody listens any more fails the run', async (t) => {
  const scene = play((text$) => concat(text$.pipe(saga('trip', book('a:10~'))), undone().pipe(takeUntil(timer(3)))));

  const { shown, error } = await played(scene);

  t.deepEqual(shown, ['10 "a"', '41 failed']);
  t.is((error as { readonly code: string }).code, 'CLEANUP_FAILED');
});

test('compensate is refused outside a workflow, and a name that cannot be recorded everywhere', (t) => {
  const codes: unknown[] = [];

  compensate('trip').subscribe({
    error: (error: unknown) => {
      codes.push((error as { readonly code: string }).code);
    },
  });

  t.deepEqual(codes, ['NOT_IN_WORKFLOW']);
  t.throws(() => compensate(''), { code: 'INVALID_ARGUMENT' });
});
