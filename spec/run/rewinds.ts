import test from 'ava';
import type { Rewind } from '../../source/journal/run-record.js';
import { automaticRetries } from '../../source/run/control.js';
import { cutsOf, isCut, keepsSuccess } from '../../source/run/rewinds.js';

const rewind = (seq: number, from: number, changes: Partial<Rewind> = {}): Rewind => ({
  seq,
  from,
  at: seq,
  keepsSuccesses: true,
  automatic: true,
  sagas: [],
  ...changes,
});

test('each way back is a cut, and begins an epoch', (t) => {
  const cuts = cutsOf([rewind(6, 4), rewind(10, 8)]);

  t.deepEqual(
    cuts.map(({ from, seq, epoch }) => [from, seq, epoch]),
    [
      [4, 6, 1],
      [8, 10, 2],
    ],
  );
  t.deepEqual(
    [3, 4, 6, 7, 8, 10, 11].map((seq) => isCut(cuts, seq)),
    [false, true, true, false, true, true, false],
  );
});

test('one that goes back behind an earlier one swallows it, and epochs go on counting', (t) => {
  t.deepEqual(
    cutsOf([rewind(6, 4), rewind(10, 2)]).map(({ from, seq, epoch }) => [from, seq, epoch]),
    [[2, 10, 2]],
  );
});

test('one that goes back into an earlier one begins where that began', (t) => {
  t.deepEqual(
    cutsOf([rewind(6, 4), rewind(10, 5)]).map(({ from, seq, epoch }) => [from, seq, epoch]),
    [[4, 10, 2]],
  );
});

test('a retry that goes back behind a rewind keeps the successes but for those that the rewind has dropped', (t) => {
  const cuts = cutsOf([rewind(6, 4, { keepsSuccesses: false }), rewind(10, 2)]);

  t.deepEqual(
    [2, 3, 4, 6, 7, 9].map((seq) => cuts.map((cut) => keepsSuccess(cut, seq))),
    [[true], [true], [false], [false], [true], [true]],
  );
});

test('the retries of a policy are counted from when somebody else sent the run back', (t) => {
  t.is(automaticRetries(), 0);
  t.is(automaticRetries([rewind(3, 1), rewind(6, 1)]), 2);
  t.is(automaticRetries([rewind(3, 1), rewind(6, 1, { automatic: false }), rewind(9, 1)]), 1);
});
