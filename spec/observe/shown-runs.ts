import test from 'ava';
import type { RunRecord } from '../../source/journal/run-record.js';
import { ShownRuns } from '../../source/observe/shown-runs.js';
import { newRun } from '../_support/journals.js';

const runOf = (id: string, changes: Partial<RunRecord> = {}): RunRecord => ({
  ...newRun(id),
  updatedAt: 1,
  link: 0,
  status: 'running',
  ...changes,
});
const idsOf = (runs: readonly RunRecord[]): readonly string[] => runs.map(({ id }) => id);

test('a record is shown once, and again when anything of it has changed', (t) => {
  const shown = new ShownRuns({});
  const states: readonly Partial<RunRecord>[] = [
    {},
    { updatedAt: 2 },
    { status: 'waiting', updatedAt: 2 },
    { status: 'waiting', updatedAt: 2, wakeAt: 3 },
    { status: 'waiting', updatedAt: 2, wakeAt: 4 },
    { status: 'waiting', updatedAt: 2, wakeAt: 4, link: 1 },
    { status: 'waiting', updatedAt: 2, link: 1 },
    {},
  ];

  for (const state of states) {
    t.true(shown.take(runOf('a', state)), JSON.stringify(state));
    t.false(shown.take(runOf('a', state)));
  }
});

test('a run that no longer fits is not shown, and nothing is remembered of it', (t) => {
  const shown = new ShownRuns({ status: 'running' });
  t.true(shown.take(runOf('a')));

  t.false(shown.take(runOf('a', { status: 'completed', updatedAt: 2 })));
  t.is(shown.size, 0);
  t.true(shown.take(runOf('a', { updatedAt: 3 })));
});

test('what a whole list does not have any more is forgotten, and what it has is not shown twice', (t) => {
  const shown = new ShownRuns({ status: 'running' });
  for (let n = 0; n < 100; n += 1) shown.take(runOf(String(n)));
  const left = ['7', '8'].map((id) => runOf(id));

  const fresh = shown.missing([...left, runOf('new')], true);

  t.deepEqual([idsOf(fresh), shown.size], [['new'], 2]);
});

test('what a part of a list does not have is still known', (t) => {
  const shown = new ShownRuns({});
  shown.take(runOf('a'));
  shown.take(runOf('b'));

  t.deepEqual([idsOf(shown.missing([runOf('b')], false)), shown.size], [[], 2]);
});

test('a whole list is due at first, and when twice as much is remembered as then', (t) => {
  const shown = new ShownRuns({});
  const due: boolean[] = [];
  for (let n = 0; n < 10; n += 1) {
    const runs = Array.from({ length: 1000 }, (_, k) => runOf(`${n} ${k}`));
    const isWhole = shown.needsWhole;
    due.push(isWhole);
    shown.missing(runs, isWhole);
    for (const run of runs) shown.take(run);
  }

  t.deepEqual(due.slice(0, 2), [true, false]);
  t.true(due.filter(Boolean).length >= 2);
  t.true(shown.size < 10_000);
});
