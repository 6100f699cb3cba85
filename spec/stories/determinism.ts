import test, { type ExecutionContext } from 'ava';
import {
  delay,
  filter,
  from,
  fromEvent,
  map,
  merge,
  mergeMap,
  of,
  share,
  Subject,
  take,
  takeUntil,
  timer,
  type Observable,
} from 'rxjs';
import {
  activity,
  awaitSignal,
  defineSignal,
  sideEffect,
  sleep,
  workflow,
  type WorkflowDefinition,
} from '../../source/index.js';
import { engineOf, type Engine } from '../_support/engine.js';

const note = defineSignal<string>('note');
const echo = (n: number): number => n;

type Numbers = (n$: Observable<number>) => Observable<unknown>;

const blockedBy = async (
  t: ExecutionContext,
  pipeline: Numbers,
  poke?: (engine: Engine) => void,
): Promise<Error & { code: string }> => {
  const it = workflow('it', pipeline);
  const engine = await engineOf(t, { workflows: [it] });
  const run = await engine.tempolite.start(it, 1, { id: 'it' });
  const result = run.result();
  await engine.clock.settle();
  poke?.(engine);
  const error = await t.throwsAsync(engine.clock.until(result));
  const [record] = await engine.tempolite.list();
  t.is(record?.status, 'blocked');
  return error as Error & { code: string };
};

test('a promise of the outside world as the last step blocks the run', async (t) => {
  const error = await blockedBy(t, (n$) =>
    n$.pipe(
      activity('echo', echo),
      mergeMap((n) => new Promise((resolve) => setTimeout(resolve, 5, n))),
    ),
  );

  t.is(error.code, 'NON_DETERMINISM');
  t.regex(error.message, /activity\(…\)/);
});

test('a value of a Subject that is shared with other code blocks the run, and names the operator', async (t) => {
  const shared = new Subject<number>();
  const error = await blockedBy(
    t,
    (n$) =>
      n$.pipe(
        mergeMap(() => shared),
        activity('echo', echo),
      ),
    () => {
      shared.next(7);
    },
  );

  t.is(error.code, 'NON_DETERMINISM');
  t.regex(error.message, /activity\("echo"\)/);
});

test('an unsubscription by a native event blocks the run', async (t) => {
  const target = new EventTarget();
  const error = await blockedBy(
    t,
    (n$) => n$.pipe(mergeMap(() => timer(60_000).pipe(takeUntil(fromEvent(target, 'stop'))))),
    () => {
      target.dispatchEvent(new Event('stop'));
    },
  );

  t.is(error.code, 'NON_DETERMINISM');
});

test('a value that arrives in the turn of another run blocks the one that did not ask for it', async (t) => {
  const shared = new Subject<number>();
  const listening = workflow('listening', (n$: Observable<number>) =>
    n$.pipe(
      mergeMap(() => shared),
      activity('echo', echo),
    ),
  );
  const speaking = workflow('speaking', (n$: Observable<number>) =>
    n$.pipe(
      activity('echo', echo),
      map((n) => {
        shared.next(n);
        return n;
      }),
    ),
  );
  const { tempolite, clock } = await engineOf(t, { workflows: [listening, speaking] });
  const listener = await tempolite.start(listening, 1);
  const refused = t.throwsAsync(listener.result(), { code: 'NON_DETERMINISM' });
  await clock.settle();

  t.is(await (await tempolite.start(speaking, 2)).result(), 2);
  await refused;
});

test('a module-level share() of a durable stream does not let two runs drink from one source', async (t) => {
  const once = of(1).pipe(delay(10), share());
  const sharing = workflow('sharing', (n$: Observable<number>) => n$.pipe(mergeMap(() => once)));
  const { tempolite, clock } = await engineOf(t, { workflows: [sharing] });
  const [a, b] = await Promise.all([tempolite.start(sharing, 1), tempolite.start(sharing, 2)]);

  const ends = await clock.until(Promise.allSettled([a.result(), b.result()]));

  t.is(ends[0].status, 'fulfilled');
  t.is(ends[1].status, 'rejected');
});

test('awaiting the outside world in an async projector blocks the run at the next durable step', async (t) => {
  const error = await blockedBy(t, (n$) =>
    n$.pipe(
      mergeMap(async (n) => {
        await new Promise((resolve) => setImmediate(resolve));
        return n;
      }),
      activity('echo', echo),
    ),
  );

  t.is(error.code, 'NON_DETERMINISM');
});

test('promises that do not leave the turn are welcome', async (t) => {
  const fine = workflow('fine', (n$: Observable<number>) =>
    n$.pipe(
      mergeMap(async (n) => {
        await Promise.resolve();
        return n + 1;
      }),
      activity('echo', echo),
    ),
  );
  const { tempolite } = await engineOf(t, { workflows: [fine] });

  t.is(await (await tempolite.start(fine, 1)).result(), 2);
});

test('a durable operator outside a workflow says so', (t) => {
  const errors: unknown[] = [];
  of(1)
    .pipe(activity('echo', echo))
    .subscribe({
      error: (error: unknown) => {
        errors.push(error);
      },
    });

  t.is((errors[0] as { code: string }).code, 'NOT_IN_WORKFLOW');
});

// ── the code changes under a run ────────────────────────────────────────────────────────────────────────────────────────

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
    `a step that is ${what} blocks the run before anything runs; with the code mended it goes on`,
    async (t) => {
      const { engine, url } = await waitingRun(t);
      calls.length = 0;

      const changed = workflow('changing', pipeline);
      const second = await engineOf(t, { workflows: [changed], url, clock: engine.clock });
      const diverging = second.tempolite.run('changing', changed);
      await diverging.signal(note, 'at last');
      const error = await t.throwsAsync(diverging.result(), { code: 'DIVERGENCE' });
      t.regex(error.message, /the journal holds .+; the code asks for .+\. Both agree up to /);
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

test('an ignored merge order is still the recorded one', async (t) => {
  const order: string[] = [];
  const merging = workflow('merging', (n$: Observable<number>) =>
    n$.pipe(
      mergeMap((n) =>
        merge(
          of(n).pipe(mergeMap(async (x) => Promise.resolve(`micro ${x}`))),
          from(['sync']),
          of('activity').pipe(activity('one', (text: string) => text)),
        ),
      ),
      map((text) => {
        order.push(text);
        return text;
      }),
      take(3),
    ),
  );
  const { tempolite } = await engineOf(t, { workflows: [merging] });
  await (await tempolite.start(merging, 1)).result();

  t.deepEqual(order, ['sync', 'micro 1', 'activity']);
});
