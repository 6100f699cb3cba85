import test, { type ExecutionContext } from 'ava';
import * as io from 'io-ts';
import { firstValueFrom, mergeMap, of, toArray, type Observable } from 'rxjs';
import {
  activity,
  awaitSignal,
  continueAsNew,
  defineSignal,
  sleep,
  workflow,
  type ForkOptions,
  type RetryOptions,
  type Run,
} from '../../source/index.js';
import { engineOf, type Engine } from '../_support/engine.js';
import { refused } from '../_support/stored.js';

const note = defineSignal<string>('note');

const flow = (version = 1) =>
  workflow('flow', { version, input: io.number }, (n$) =>
    n$.pipe(
      activity('next', (n: number) => n + 1),
      awaitSignal(note, (text, n) => `v${version}: ${n} ${text}`),
    ),
  );

/** A run that waits says so some time later: not while it is watched whether anything is written. */
const silent = { parkAfterMs: 1_000_000 } as const;

/** A run that has completed: started, activity-completed, signal-received, output-emitted, run-completed. */
const completed = async (t: ExecutionContext): Promise<Engine & { readonly run: Run<string> }> => {
  const engine = await engineOf(t, { workflows: [flow()], maxPayloadBytes: 1000, ...silent });
  const run = await engine.tempolite.start(flow(), 1, { id: 'run', priority: 3, tags: { of: 'Ada' } });
  await run.signal(note, 'hello');
  await engine.clock.until(run.result());
  await engine.clock.settle();
  return { ...engine, run };
};

const end = 4;

// ── retry ───────────────────────────────────────────────────────────────────────────────────────────────────────────────

const badRetries: Readonly<Record<string, readonly [options: RetryOptions, code: string]>> = {
  'an empty id': [{ id: '' }, 'INVALID_ARGUMENT'],
  'half a priority': [{ priority: 0.5 }, 'INVALID_ARGUMENT'],
  'an empty tag': [{ tags: { a: '' } }, 'INVALID_ARGUMENT'],
  'an instant that is none': [{ startAt: NaN }, 'INVALID_ARGUMENT'],
  'an input that its codec refuses': [{ input: 'one' }, 'DECODE_FAILED'],
  'no input at all': [{ input: undefined }, 'DECODE_FAILED'],
  'SQL that fails': [{ with: { sql: 'INSERT INTO nowhere VALUES (1)' } }, 'TRANSACTION_FAILED'],
  'the id of a run with another input': [{ id: 'run', input: 2 }, 'RUN_EXISTS'],
};

test('a retry that cannot be is refused, and nothing is written', async (t) => {
  const engine = await completed(t);

  for (const [what, [options, code]] of Object.entries(badRetries))
    await refused(t, engine, () => engine.run.retry(options), code, what);
});

test('a retry of nobody, and of a workflow that is not registered, is refused', async (t) => {
  const engine = await completed(t);
  await refused(t, engine, () => engine.tempolite.run('nobody').retry(), 'RUN_NOT_FOUND');
  await engine.tempolite.close();
  const other = await engineOf(t, { workflows: [], url: engine.url });

  await refused(t, other, () => other.tempolite.run('run').retry(), 'WORKFLOW_NOT_REGISTERED');
});

test('a retry takes the input of the run and the newest version, and inherits no options', async (t) => {
  const first = await completed(t);
  await first.tempolite.close();
  const { tempolite, clock } = await engineOf(t, { workflows: [flow(1), flow(2)], url: first.url, clock: first.clock });

  const again = await tempolite.run('run', flow(2)).retry({ id: 'again' });
  await again.signal(note, 'again');

  t.is(await clock.until(again.result()), 'v2: 2 again');
  t.like((await tempolite.list())[1], { id: 'again', version: 2, priority: 0, tags: {} });
});

test('a retry under an id is there once, and the run itself is one with its own input', async (t) => {
  const { tempolite, run } = await completed(t);

  const [one, two] = await Promise.all([run.retry({ id: 'again' }), run.retry({ id: 'again' })]);

  t.deepEqual([one.id, two.id, (await run.retry({ id: 'run' })).id], ['again', 'again', 'run']);
  t.is((await tempolite.list()).length, 2);
});

// ── fork ────────────────────────────────────────────────────────────────────────────────────────────────────────────────

const noPlaces: readonly (readonly [what: string, place: number])[] = [
  ['before the beginning', -1],
  ['between two events', 0.5],
  ['that is no number', NaN],
  ['beyond the end', 1000],
  ['that is the end', end],
];

test('a place that is none is INVALID_ARGUMENT to fork and rewind, and nothing is written', async (t) => {
  const engine = await completed(t);

  for (const [what, place] of noPlaces) {
    const error = await refused(t, engine, () => engine.run.fork(place), 'INVALID_ARGUMENT', what);
    await refused(t, engine, () => engine.run.rewind(place), 'INVALID_ARGUMENT', what);
    t.regex(error?.message ?? '', /give the seq of an event of run "run" that is not its end/);
  }
});

const badForks: Readonly<Record<string, readonly [options: ForkOptions, code: string]>> = {
  'an empty id': [{ id: '' }, 'INVALID_ARGUMENT'],
  'half a priority': [{ priority: 0.5 }, 'INVALID_ARGUMENT'],
  'an empty tag': [{ tags: { a: '' } }, 'INVALID_ARGUMENT'],
  'version 0': [{ version: 0 }, 'INVALID_ARGUMENT'],
  'half a version': [{ version: 1.5 }, 'INVALID_ARGUMENT'],
  'the id of a run that is no fork': [{ id: 'run' }, 'RUN_EXISTS'],
};

test('a fork that cannot be is refused, and nothing is written', async (t) => {
  const engine = await completed(t);

  for (const [what, [options, code]] of Object.entries(badForks))
    await refused(t, engine, () => engine.run.fork(1, options), code, what);
});

test('an id belongs to the fork of one run and place: another one is RUN_EXISTS, and nothing is written', async (t) => {
  const engine = await completed(t);
  const { run } = engine;
  const fork = await run.fork(1, { id: 'fork' });
  const other = await engine.tempolite.start(flow(), 1, { id: 'other' });
  await engine.clock.settle();

  t.is((await run.fork(1, { id: 'fork' })).id, 'fork');
  await refused(t, engine, () => run.fork(0, { id: 'fork' }), 'RUN_EXISTS');
  await refused(t, engine, () => other.fork(1, { id: 'fork' }), 'RUN_EXISTS');
  await refused(t, engine, () => fork.fork(1, { id: 'fork' }), 'RUN_EXISTS');
  await refused(t, engine, () => engine.tempolite.run('nobody').fork(0), 'RUN_NOT_FOUND');
});

test('a fork has the priority, the tags and the version of its run unless it is given others', async (t) => {
  const { tempolite, run } = await completed(t);

  await run.fork(1, { id: 'same' });
  await run.fork(1, { id: 'others', priority: 7, tags: { of: 'Bob' }, version: 2 });

  const [, same, others] = await tempolite.list();
  t.like(same, { id: 'same', priority: 3, tags: { of: 'Ada' }, version: 1 });
  t.like(others, { id: 'others', priority: 7, tags: { of: 'Bob' }, version: 2, status: 'pending' });
});

// ── rewind ──────────────────────────────────────────────────────────────────────────────────────────────────────────────

test('a run that is at work is not sent back: WRONG_STATE, and nothing is written', async (t) => {
  const engine = await engineOf(t, { workflows: [flow()], ...silent });
  const run = await engine.tempolite.start(flow(), 1);
  await engine.clock.settle();

  await refused(t, engine, () => run.rewind(0), 'WRONG_STATE');
  await refused(t, engine, () => engine.tempolite.run('nobody').rewind(0), 'RUN_NOT_FOUND');
});

test('a place that no longer counts is INVALID_ARGUMENT to fork and rewind, and nothing is written', async (t) => {
  const engine = await completed(t);
  const { run, clock } = engine;
  await run.rewind(1);
  await clock.until(run.result());
  const rewound = (await firstValueFrom(run.events$.pipe(toArray()))).find(({ type }) => type === 'run-rewound');
  t.is(rewound?.seq, end + 1);

  for (const place of [2, 3, end + 1]) {
    const error = await refused(t, engine, () => run.fork(place), 'INVALID_ARGUMENT');
    await refused(t, engine, () => run.rewind(place), 'INVALID_ARGUMENT');
    t.regex(error?.message ?? '', /no longer counts/);
  }
  await t.notThrowsAsync(run.fork(1));
});

test('places are those of the present link', async (t) => {
  const chain = workflow('chain', (n$: Observable<number>) =>
    n$.pipe(
      activity('next', (n: number) => n + 1),
      sleep('1 hour'),
      mergeMap((n): Observable<number> => (n === 1 ? continueAsNew(10) : of(n))),
    ),
  );
  const engine = await engineOf(t, { workflows: [chain], ...silent });
  const run = await engine.tempolite.start(chain, 0);
  await engine.clock.settle();
  const early = await run.fork(1, { id: 'early' });
  t.is(await engine.clock.until(run.result()), 11);
  t.is(await engine.clock.until(early.result()), 11);

  await refused(t, engine, () => run.fork(1, { id: 'early' }), 'RUN_EXISTS', 'the same place of another link');
  const fork = await run.fork(0);

  t.is(await engine.clock.until(fork.result()), 11);
  await run.rewind(1);
  t.is(await engine.clock.until(run.result()), 11);
});
