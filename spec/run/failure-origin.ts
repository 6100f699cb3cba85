import test from 'ava';
import { originOf, recordedFailure } from '../../source/run/failure-origin.js';
import { encodeFailure } from '../../source/values/failure.js';

const failureAt = (seq: number): unknown => recordedFailure({ seq, payload: encodeFailure(new Error(`at ${seq}`)) });

test('an error that was recorded remembers where, however it is wrapped', (t) => {
  t.is(originOf(failureAt(3)), 3);
  t.is(originOf(new Error('outer', { cause: new Error('inner', { cause: failureAt(3) }) })), 3);
});

test('of several the earliest counts', (t) => {
  t.is(originOf(new AggregateError([failureAt(7), failureAt(4), new Error('own')])), 4);
});

test('an error of the pipeline’s own, and what is no error, has no origin', (t) => {
  t.is(originOf(new Error('own')), undefined);
  t.is(originOf('text'), undefined);
  t.is(originOf(undefined), undefined);
});

test('causes that go round in a circle come to an end', (t) => {
  const error = new Error('round');
  error.cause = error;

  t.is(originOf(error), undefined);
});
