import test from 'ava';
import type { Entry, Waiting } from '../../../../source/journal/libsql/remote/entry.js';
import { mergeGroups } from '../../../../source/journal/libsql/remote/merge-groups.js';
import { query } from '../../../../source/journal/libsql/remote/query.js';
import * as sql from '../../../../source/journal/libsql/remote/remote-statements.js';

/** An entry that is known by its name. */
interface Named extends Waiting {
  readonly name: string;
}

const waiting = (name: string, texts: readonly string[], runs: readonly string[], more: Partial<Entry<unknown>> = {}) =>
  ({
    name,
    entry: {
      queries: texts.map((text) => query(text)),
      runs,
      answer: () => ({ value: undefined, changes: [] }),
      instead: () => Promise.resolve(undefined),
      again: () => Promise.resolve(undefined),
      ...more,
    },
    resolve: () => undefined,
    reject: () => undefined,
    worker: undefined,
  }) satisfies Named;

const events = (name: string, run: string): Named => waiting(name, [sql.appendEvents], [run]);
const ended = (name: string, run: string): Named => waiting(name, [sql.appendEvents, sql.updateRun], [run]);
const started = (name: string, run: string): Named => waiting(name, [sql.insertRun, sql.insertStarted], [run]);
const other = (name: string, ...runs: readonly string[]): Named => waiting(name, ['SELECT 1'], runs);

const grouped = (entries: readonly Named[]): readonly string[] =>
  mergeGroups(entries).map((group) =>
    group.map((each) => entries.find((entry) => entry === each)?.name ?? '').join(''),
  );

test('starts, events and ends of different runs are one group', (t) => {
  t.deepEqual(grouped([started('1', 'a'), events('2', 'b'), ended('3', 'c'), events('4', 'd')]), ['1234']);
});

test('events of one run are one group, in their order', (t) => {
  t.deepEqual(grouped([events('1', 'a'), events('2', 'b'), events('3', 'a')]), ['123']);
});

test('what changes a run is in no group with anything else of it', (t) => {
  t.deepEqual(grouped([started('1', 'a'), events('2', 'a')]), ['1', '2']);
  t.deepEqual(grouped([events('1', 'a'), ended('2', 'a')]), ['1', '2']);
  t.deepEqual(grouped([ended('1', 'a'), events('2', 'a'), events('3', 'b')]), ['1', '23']);
});

test('an entry passes those of other runs, and none of its own', (t) => {
  t.deepEqual(grouped([events('1', 'a'), other('2', 'b'), events('3', 'c')]), ['13', '2']);
  t.deepEqual(grouped([events('1', 'a'), other('2', 'b'), events('3', 'b'), events('4', 'c')]), ['1', '2', '34']);
  t.deepEqual(grouped([other('1', 'a'), events('2', 'a'), events('3', 'b')]), ['1', '23']);
});

test('nothing passes an entry that names no runs', (t) => {
  t.deepEqual(grouped([events('1', 'a'), other('2'), events('3', 'b'), events('4', 'c')]), ['1', '2', '34']);
});

test('an entry that is written in a way of its own is in no group', (t) => {
  const alone = waiting('2', [sql.appendEvents], ['b'], { alone: true });
  const transacts = waiting('3', [sql.appendEvents], ['c'], { transact: () => Promise.reject(new Error('never')) });
  const forWriter = waiting('4', [sql.appendEvents], ['d'], { forWriter: () => [] });
  const nothing = waiting('5', [], ['e']);

  t.deepEqual(grouped([events('1', 'a'), alone, transacts, forWriter, nothing, events('6', 'f')]), [
    '16',
    '2',
    '3',
    '4',
    '5',
  ]);
});
