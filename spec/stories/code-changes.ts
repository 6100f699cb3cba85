import * as io from 'io-ts';
import test, { type ExecutionContext } from 'ava';
import { filter, firstValueFrom, map, mergeMap, take, toArray, type Observable } from 'rxjs';
import {
  activity,
  awaitSignal,
  defineSignal,
  sideEffect,
  sleep,
  Tempolite,
  transaction,
  workflow,
  type RunRecord,
  type RunStatus,
  type WorkflowDefinition,
} from '../../source/index.js';
import { engineOf, type Engine } from '../_support/engine.js';
import { databaseOf } from '../_support/folder.js';

const note = defineSignal<string>('note');
const echo = (n: number): number => n;

type Numbers = (n$: Observable<number>) => Observable<unknown>;

const original: Numbers = (n$) =>
  n$.pipe(
    activity('a', echo),
    activity('b', echo),
    sleep('pause', '1 day'),
    awaitSignal(note),
    map((text) => `done ${text}`),
  );

const calls: string[] = [];
const spy =
  (name: string) =>
  (n: number): number => {
    calls.push(name);
    return n;
  };

const changes: Readonly<Record<string, Numbers>> = {
  swapped: (n$) =>
    n$.pipe(activity('b', spy('b')), activity('a', spy('a')), sleep('pause', '1 day'), awaitSignal(note)),
  missing: (n$) => n$.pipe(activity('a', spy('a')), sleep('pause', '1 day'), awaitSignal(note)),
  added: (n$) =>
    n$.pipe(
      activity('a', spy('a')),
      activity('new', spy('new')),
      activity('b', spy('b')),
      sleep('pause', '1 day'),
      awaitSignal(note),
    ),
  renamed: (n$) =>
    n$.pipe(activity('a', spy('a')), activity('bee', spy('bee')), sleep('pause', '1 day'), awaitSignal(note)),
  'of another kind': (n$) =>
    n$.pipe(
      activity('a', spy('a')),
      sideEffect('b', (n) => n),
      sleep('pause', '1 day'),
      awaitSignal(note),
    ),
  'given another input': (n$) =>
    n$.pipe(
      map((n) => n + 1),
      activity('a', spy('a')),
      activity('b', spy('b')),
      sleep('pause', '1 day'),
      awaitSignal(note),
    ),
  'given another duration': (n$) =>
    n$.pipe(activity('a', spy('a')), activity('b', spy('b')), sleep('pause', '2 days'), awaitSignal(note)),
  retyped: (n$) =>
    n$.pipe(
      activity('a', spy('a'), { output: io.literal(7) as unknown as io.Type<number> }),
      activity('b', spy('b')),
      sleep('pause', '1 day'),
      awaitSignal(note),
    ),
  'a transaction now': (n$) =>
    n$.pipe(
      activity('a', spy('a')),
      transaction(
        'b',
        () => ({ sql: 'CREATE TABLE never (n)' }),
        (_, n) => n,
      ),
      sleep('pause', '1 day'),
      awaitSignal(note),
    ),
  filtered: (n$) =>
    n$.pipe(
      filter(() => false),
      activity('a', spy('a')),
      awaitSignal(note),
    ),
};

const waitingRun = async (t: ExecutionContext): Promise<{ engine: Engine; url: string }> => {
  const before = workflow('changing', original);
  const engine = await engineOf(t, { workflows: [before] });
  await engine.tempolite.start(before, 1, { id: 'changing' });
  await engine.clock.advance('2 days');
  await engine.tempolite.close();
  return { engine, url: engine.url };
};

for (const [what, pipeline] of Object.entries(changes)) {
  test.serial(
    `a step that is ${what} blocks the run before anything runs; with the code mended it goes on (scenario 28)`,
    async (t) => {
      const { engine, url } = await waitingRun(t);
      calls.length = 0;

      const changed = workflow('changing', pipeline);
      const second = await engineOf(t, { workflows: [changed], url, clock: engine.clock });
      const diverging = second.tempolite.run('changing', changed);
      await diverging.signal(note, 'at last');
      const error = await t.throwsAsync(diverging.result(), { code: 'DIVERGENCE' });
      t.regex(
        error.message,
        /the journal holds .+; the code asks for .+\. Both agree up to |value of activity "a" no longer fits its codec/,
      );
      t.deepEqual(calls, [], 'nothing ran');
      t.is((await second.tempolite.list({ status: 'blocked' })).length, 1);
      await second.tempolite.close();

      const mended = workflow('changing', original);
      const third = await engineOf(t, { workflows: [mended], url, clock: engine.clock });
      const run = third.tempolite.run('changing', mended);
      await run.signal(note, 'at last');
      t.is(await run.result(), 'done at last');
    },
  );
}

test('a run of another version waits until somebody registers that version', async (t) => {
  const v1 = workflow('versioned', { version: 1 }, original);
  const first = await engineOf(t, { workflows: [v1] });
  await first.tempolite.start(v1, 1, { id: 'old' });
  await first.clock.advance('2 days');
  await first.tempolite.close();

  const v2 = workflow('versioned', { version: 2 }, ((n$) => n$.pipe(map((n) => `two ${n}`))) as Numbers);
  const second = await engineOf(t, { workflows: [v2], url: first.url, clock: first.clock });
  t.is(await (await second.tempolite.start(v2, 1)).result(), 'two 1');
  t.is((await second.tempolite.list({ status: 'waiting' })).length, 1);
  await second.tempolite.close();

  const third = await engineOf(t, {
    workflows: [v1, v2] as WorkflowDefinition<number, unknown>[],
    url: first.url,
    clock: first.clock,
  });
  const old = third.tempolite.run('old', v1);
  await old.signal(note, 'kept');
  t.is(await old.result(), 'done kept');
  t.is((await third.tempolite.start(v2, 3, { id: 'new' })).id, 'new');
});

/** The numbers of the first runs that come to a status. */
const reaching = (tempolite: Tempolite, status: RunStatus, count: number): Promise<readonly RunRecord[]> =>
  firstValueFrom(tempolite.runs$({ status }).pipe(take(count), toArray()));

test('blocked runs are all tried again with the mended code, once each, however few may be in memory at once', async (t) => {
  const url = databaseOf(t);
  const outside = workflow('changing', ((n$) =>
    n$.pipe(mergeMap((n) => new Promise((resolve) => setImmediate(resolve, n))))) as Numbers);
  const first = await Tempolite.open({ url, workflows: [outside], closeTimeoutMs: 0 });
  const blocked = reaching(first, 'blocked', 60);
  await Promise.all(Array.from({ length: 60 }, (_, n) => first.start(outside, n)));
  await blocked;
  await first.close();

  let tries = 0;
  const count = (n: number): Promise<number> => {
    tries += 1;
    return Promise.resolve(n);
  };
  const mended = workflow('changing', ((n$) => n$.pipe(activity('work', count))) as Numbers);
  const second = await Tempolite.open({ url, workflows: [mended], maxResidentRuns: 20, closeTimeoutMs: 0 });
  t.teardown(() => second.close());

  await reaching(second, 'completed', 60);
  t.is(tries, 60);
});
