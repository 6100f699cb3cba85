import test from 'ava';
import {
  catchError,
  concat,
  defer,
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
  toArray,
  type Observable,
} from 'rxjs';
import { activity, sleep, TempoliteError, transaction, type Statement } from '../../source/index.js';
import { takes } from '../../source/testing/index.js';
import { codeOf } from '../_support/code-of.js';
import { crashed, performed, recorded, type Body } from '../_support/performed.js';

/** Emits its input once there is a table. */
const withTable =
  (body: Body): Body =>
  (n$) =>
    n$.pipe(
      transaction(
        'create',
        () => ({ sql: 'CREATE TABLE entries (id INTEGER PRIMARY KEY, text TEXT UNIQUE)' }),
        (_, n) => n,
      ),
      mergeMap((n) => body(of(n))),
    );

const insert = (text: unknown): Statement => ({
  sql: 'INSERT INTO entries (text) VALUES (?)',
  args: [String(text)],
});
const all: Statement = { sql: 'SELECT text FROM entries ORDER BY id' };
const textsOf = (result: { readonly rows: readonly Readonly<Record<string, unknown>>[] }): string =>
  result.rows.map(({ text }) => text).join(' ');
const everything = (): Observable<string> => of(0).pipe(transaction('all', () => all, textsOf));

test('each value runs its statements, and the results are emitted in the order of the values', async (t) => {
  const played = await performed(
    withTable(() => from(['a', 'b']).pipe(transaction('insert', (text) => [insert(text), all]))),
  );

  t.deepEqual(played.outputs, [
    [
      { rows: [], changes: 1 },
      { rows: [{ text: 'a' }], changes: 0 },
    ],
    [
      { rows: [], changes: 1 },
      { rows: [{ text: 'a' }, { text: 'b' }], changes: 0 },
    ],
  ]);
  t.deepEqual(recorded(played), [
    'transaction-committed transaction:create#0',
    'transaction-committed transaction:insert#0',
    'transaction-committed transaction:insert#1',
  ]);
});

test('one statement gives one result, and project is told of it and the value', async (t) => {
  const { outputs } = await performed(
    withTable(() =>
      from(['a', 'b']).pipe(transaction('insert', insert, ({ changes }, text: string) => `${text}: ${changes}`)),
    ),
  );

  t.deepEqual(outputs, ['a: 1', 'b: 1']);
});

test('an empty source gives nothing and records nothing', async (t) => {
  const played = await performed(() => EMPTY.pipe(transaction('insert', insert)));

  t.deepEqual([played.outputs, played.status, recorded(played)], [[], 'completed', []]);
});

test('a source that never emits is waited for', async (t) => {
  const played = await performed(() => NEVER.pipe(transaction('insert', insert)));

  t.is(played.status, 'waiting');
});

test('an error of the source goes on after what was there before it', async (t) => {
  const body = withTable(() =>
    concat(
      of('a'),
      defer(() => throwError(() => new RangeError('no more'))),
    ).pipe(transaction('insert', insert, (_, text) => text)),
  );

  const { outputs, error, status } = await performed(body);

  t.is(status, 'failed');
  t.is((error as Error).message, 'no more');
  // RxJS hands an error on at once: what was in flight comes too late for the pipeline.
  t.deepEqual(outputs, []);
});

for (const [what, body, expected] of [
  ['the function of statements', () => of(1).pipe(transaction('t', thrower)), 'mine'],
  ['project', withTable(() => of('a').pipe(transaction('t', insert, thrower))), 'mine'],
] as const) {
  test(`an error that ${what} throws fails the run, and can be caught`, async (t) => {
    const failed = await performed(body);
    const caught = await performed((n$) =>
      body(n$).pipe(catchError((error: unknown) => of(`caught ${(error as Error).message}`))),
    );

    t.is((failed.error as Error).message, expected);
    t.deepEqual(caught.outputs, ['caught mine']);
  });
}

function thrower(): never {
  throw new Error('mine');
}

for (const [what, given] of [
  ['no statement at all', []],
  ['two statements in one text', { sql: 'SELECT 1; SELECT 2' }],
  ['the end of the transaction', { sql: 'COMMIT' }],
  ["the journal's own tables", { sql: 'DELETE FROM tempolite_events' }],
  ['an argument too few', { sql: 'SELECT ?' }],
  ['a promise', Promise.resolve(all) as unknown as Statement],
  ['null', null as unknown as Statement],
] as const) {
  test(`${what} is refused before anything is written`, async (t) => {
    const played = await performed(() => of(1).pipe(transaction('t', () => given as Statement)));

    t.is((played.error as TempoliteError).code, 'INVALID_ARGUMENT');
    t.deepEqual(recorded(played), []);
  });
}

test('a name that is none and statements that are no function are refused where they stand', (t) => {
  t.throws(() => transaction('a#b', () => all), { code: 'INVALID_ARGUMENT' });
  t.throws(() => transaction('a', all as never), { code: 'INVALID_ARGUMENT' });
});

test('unsubscribing before the end drops the transactions that have not begun', async (t) => {
  const { outputs } = await performed(
    withTable(() =>
      concat(
        from(['a', 'b', 'c']).pipe(
          transaction('insert', insert, (_, text) => text),
          take(1),
        ),
        everything(),
      ),
    ),
  );

  t.deepEqual(outputs, ['a', 'a']);
});

test('a transaction that is cancelled in the turn that asked for it is never run', async (t) => {
  const played = await performed(
    withTable((n$) => concat(of('a').pipe(transaction('insert', insert), takeUntil(n$)), everything())),
  );

  t.deepEqual(played.outputs, ['']);
});

test('a source that emits a thousand values at once is worked off in order', async (t) => {
  const { outputs } = await performed(
    withTable(() =>
      range(0, 1000).pipe(
        transaction('insert', insert, (_, n) => n),
        toArray(),
      ),
    ),
  );

  t.deepEqual(outputs, [Array.from({ length: 1000 }, (_, n) => n)]);
});

test('of several statements all are run or none, and the run may go on', async (t) => {
  const played = await performed(
    withTable(() =>
      concat(
        of('a').pipe(
          transaction('insert', (text) => [insert(text), insert('b'), insert(text)]),
          catchError((error: unknown) => of([codeOf(error), ((error as Error).cause as Error).message])),
        ),
        everything(),
      ),
    ),
  );

  const [[code, cause], left] = played.outputs as [[string, string], string];
  t.is(code, 'TRANSACTION_FAILED');
  t.regex(cause, /UNIQUE constraint failed/);
  t.is(left, '');
  t.true(recorded(played).includes('transaction-failed transaction:insert#0'));
});

/** Three transactions of one tick, the second of which comes to nothing. */
const threeAtOnce = (setUp: readonly Statement[], wrong: readonly Statement[]): Body =>
  withTable(() =>
    of(0).pipe(
      transaction('set up', () => setUp),
      mergeMap(() =>
        merge(
          ...[[insert('a')], wrong, [insert('c')]].map((statements, place) =>
            of(place).pipe(
              transaction(`t${place}`, () => statements),
              map(() => `ran ${place}`),
              catchError((error: unknown) => of(`${codeOf(error)} ${place}`)),
            ),
          ),
        ),
      ),
      toArray(),
      mergeMap((texts) => concat(from(texts), everything())),
    ),
  );

const parents: Statement = { sql: 'CREATE TABLE parents (id INTEGER PRIMARY KEY)' };
const children: Statement = {
  sql: 'CREATE TABLE children (parent INTEGER REFERENCES parents (id) DEFERRABLE INITIALLY DEFERRED)',
};
const rollingBack: Statement = {
  sql: "CREATE TRIGGER no BEFORE INSERT ON parents BEGIN SELECT RAISE(FAIL, 'no'); END",
};
const ofConflict: Statement = { sql: 'CREATE TABLE strict (id INTEGER PRIMARY KEY ON CONFLICT ABORT)' };

for (const [what, setUp, wrong, code] of [
  ['a constraint', [ofConflict], [{ sql: 'INSERT INTO strict VALUES (1), (1)' }], 'TRANSACTION_FAILED'],
  ['a trigger', [parents, rollingBack], [{ sql: 'INSERT INTO parents VALUES (1)' }], 'TRANSACTION_FAILED'],
  ['SQL that does not parse', [parents], [{ sql: 'SELECT FROM WHERE' }], 'TRANSACTION_FAILED'],
  ['a deferred foreign key', [parents, children], [{ sql: 'INSERT INTO children VALUES (7)' }], 'TRANSACTION_FAILED'],
] as const) {
  test(`what ${what} refuses fails its transaction alone, not those of the same tick`, async (t) => {
    const { outputs } = await performed(threeAtOnce(setUp, wrong));

    t.deepEqual(outputs, ['ran 0', `${code} 1`, 'ran 2', 'a c']);
  });
}

test('a crash anywhere leaves each transaction done once', async (t) => {
  const points = await crashed(
    withTable((n$) =>
      concat(
        n$.pipe(
          mergeMap((n) => range(0, n)),
          transaction(
            'insert',
            (n) => insert(n),
            (_, n) => n,
          ),
          activity('work', (n: number) => n),
          sleep('1 hour'),
          transaction(
            'again',
            (n) => [insert(`${n} again`), all],
            ([, rows]) => rows && textsOf(rows),
          ),
        ),
        everything(),
      ),
    ),
    { activities: { work: takes('2 seconds', (n: number) => n) } },
  );

  t.true(points > 50);
});

for (const [what, body] of [
  ['that fails', threeAtOnce([ofConflict], [{ sql: 'INSERT INTO strict VALUES (1), (1)' }])],
  ['that fails at the COMMIT', threeAtOnce([parents, children], [{ sql: 'INSERT INTO children VALUES (7)' }])],
  ['whose failure ends the run', withTable(() => from(['a', 'a', 'b']).pipe(transaction('insert', insert)))],
] as const) {
  test(`a crash anywhere around one ${what} changes nothing`, async (t) => {
    t.true((await crashed(body)) > 10);
  });
}
