import test from 'ava';
import type { Observable } from 'rxjs';
import { RunError, workflow, type RetryPolicy } from '../../source/index.js';
import type { End } from '../../source/journal/event.js';
import type { Rewind, RunRecord } from '../../source/journal/run-record.js';
import { CleanUps } from '../../source/run/clean-ups.js';
import { Outputs } from '../../source/run/outputs.js';
import { finalEnd, retryAfter } from '../../source/run/run-end.js';
import { decodeFailure, encodeFailure } from '../../source/values/failure.js';

/** The end of a run whose clean-up gave up with these errors, and of which two outputs count. */
const endWith = (end: End, ...errors: readonly unknown[]): End => {
  const outputs = new Outputs();
  for (const payload of ['1', '2']) outputs.emit({ payload, digest: payload, at: 1, batch: 0 });
  const cleanUps = new CleanUps();
  for (const error of errors) cleanUps.begin()({ error });
  return finalEnd(end, { outputs, cleanUps, seq: 7, runId: 'r' });
};

const failureOf = (end: End): RunError => {
  const error = 'payload' in end ? decodeFailure(end.payload) : undefined;
  if (error instanceof RunError) return error;
  throw new Error(`no RunError: ${String(error)}`);
};

const down = encodeFailure(new Error('down'));
const failed: End = { type: 'run-failed', index: 3, payload: down };
const cancelled: End = { type: 'run-cancelled', payload: encodeFailure(new RunError('RUN_CANCELLED', 'cancelled')) };
const terminated: End = { type: 'run-terminated', payload: down };
const continued: End = { type: 'run-continued', payload: '2' };

test('an end after which nothing gave up is what the pipeline made of it; a completion tells how many outputs there were', (t) => {
  t.deepEqual(endWith({ type: 'run-completed' }), { type: 'run-completed', index: 2 });
  for (const end of [failed, cancelled, terminated, continued]) t.is(endWith(end), end);
});

for (const end of [{ type: 'run-completed' }, continued] as const) {
  test(`clean-up that gives up after ${end.type} fails the run, which goes back no further than to that`, (t) => {
    const made = endWith(end, new Error('first'), 'second');

    t.like(made, { type: 'run-failed', index: 8 });
    const error = failureOf(made);
    t.is(error.code, 'CLEANUP_FAILED');
    t.deepEqual(error.errors.map(String), ['Error: first', 'second']);
    t.is(error.cause, undefined);
  });
}

test('clean-up that gives up after a failure keeps its cause and where it began', (t) => {
  const made = endWith(failed, new Error('first'));

  t.like(made, { type: 'run-failed', index: 3 });
  const error = failureOf(made);
  t.is(error.code, 'CLEANUP_FAILED');
  t.is(String(error.cause), 'Error: down');
  t.deepEqual(error.errors.map(String), ['Error: first']);
});

test('a run is cancelled whatever clean-up gave up, and tells of that', (t) => {
  const made = endWith(cancelled, new Error('first'));

  t.is(made.type, 'run-cancelled');
  const error = failureOf(made);
  t.is(error.code, 'RUN_CANCELLED');
  t.deepEqual(error.errors.map(String), ['Error: first']);
});

test('a terminated run is not cleaned up, and is what it was', (t) => {
  t.is(endWith(terminated, new Error('first')), terminated);
});

// ── the retry policy of a run ───────────────────────────────────────────────────────────────────────────────────────────

const rewind = (automatic: boolean): Rewind => ({
  seq: 1,
  from: 1,
  keepsSuccesses: true,
  sagas: [],
  automatic,
  at: 1,
});

/** When a run is sent back, of which it has been told how often it was sent back before, and by whom. */
const sentBack = (end: End, retry: RetryPolicy | undefined, ...before: readonly boolean[]): number | undefined => {
  const played = workflow('w', retry ? { retry } : {}, (n$: Observable<unknown>) => n$);
  const record: RunRecord = {
    id: 'r',
    workflow: 'w',
    version: 1,
    status: 'running',
    link: 0,
    priority: 0,
    tags: {},
    inputDigest: 'd',
    createdAt: 1,
    updatedAt: 1,
    rewinds: before.map(rewind),
  };
  return retryAfter(end, record, played, { random: () => 0.5, now: 1000 });
};

const thrice: RetryPolicy = { maxAttempts: 3, initialInterval: 100, backoff: 2, jitter: 0 };

test('a failed run is sent back as often as its policy says, each time after a longer while', (t) => {
  t.is(sentBack(failed, thrice), 1100);
  t.is(sentBack(failed, thrice, true), 1200);
  t.is(sentBack(failed, thrice, true, true), undefined);
});

test('who sends it back by hand gives it all attempts again', (t) => {
  t.is(sentBack(failed, thrice, true, true, false), 1100);
  t.is(sentBack(failed, thrice, true, false, true), 1200);
});

test('a run without a policy, one that has not failed, and one whose time is over are not sent back', (t) => {
  const late: End = { type: 'run-failed', payload: encodeFailure(new RunError('RUN_TIMEOUT', 'too late')) };

  t.is(sentBack(failed, undefined), undefined);
  for (const end of [cancelled, terminated, continued, { type: 'run-completed' } as const, late])
    t.is(sentBack(end, thrice), undefined, end.type);
});

test('an error that is not to be repeated, and a policy that cannot tell, say no', (t) => {
  const isDown = (error: unknown): boolean => String(error) === 'Error: down';

  t.is(sentBack(failed, { ...thrice, nonRetryable: isDown }), undefined);
  t.is(sentBack(failed, { ...thrice, nonRetryable: (error) => !isDown(error) }), 1100);
  const throws = (): never => {
    throw new Error('a mistake');
  };
  t.is(sentBack(failed, { ...thrice, nonRetryable: throws }), undefined);
});
