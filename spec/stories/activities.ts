import test from 'ava';
import { from, map, mergeMap, of, timeout, catchError, toArray, type Observable } from 'rxjs';
import { activity, workflow, ActivityError, type ActivityContext } from '../../source/index.js';
import { Tempolite } from '../../source/client/tempolite.js';
import { deferred, engineOf } from '../_support/engine.js';

test('three activities in parallel overlap; their results keep the recorded order when the process comes back', async (t) => {
  const ends = new Map([1, 2, 3].map((n) => [n, deferred<string>()]));
  let started = 0;
  const allStarted = deferred();
  const parallel = workflow('parallel', (n$: Observable<number>) =>
    n$.pipe(
      mergeMap(() => from([1, 2, 3])),
      activity(
        'overlap',
        (n: number) => {
          started += 1;
          if (started === 3) allStarted.resolve();
          return ends.get(n)!.promise;
        },
        { concurrency: 3 },
      ),
      toArray(),
      activity('last', (all: string[]) => never.promise.then(() => all.join())),
    ),
  );
  const never = deferred();
  const first = await engineOf(t, { workflows: [parallel] });
  const run = await first.tempolite.start(parallel, 0, { id: 'parallel' });
  await allStarted.promise;
  for (const [n, name] of [
    [3, 'c'],
    [1, 'a'],
    [2, 'b'],
  ] as const) {
    ends.get(n)!.resolve(name);
    await first.clock.settle();
  }
  await t.throwsAsync(Promise.all([run.result(), first.tempolite.close()]), { code: 'ENGINE_CLOSED' });

  never.resolve();
  const second = await engineOf(t, { workflows: [parallel], url: first.url });
  t.is(await second.tempolite.run('parallel', parallel).result(), 'c,a,b');
  t.is(started, 3, 'what is recorded does not run again');
});

const misbehaviours: Readonly<Record<string, () => unknown>> = {
  'throws an error': () => {
    throw new TypeError('no');
  },
  'throws a string': () => {
    // eslint-disable-next-line @typescript-eslint/only-throw-error -- that is the point
    throw 'just text';
  },
  'rejects with undefined': () =>
    // eslint-disable-next-line @typescript-eslint/prefer-promise-reject-errors -- that is the point
    Promise.reject(),
  'throws null': () => {
    // eslint-disable-next-line @typescript-eslint/only-throw-error -- that is the point
    throw null;
  },
  'rejects with a proxy that throws': () =>
    // eslint-disable-next-line @typescript-eslint/prefer-promise-reject-errors -- that is the point
    Promise.reject(
      new Proxy(
        {},
        {
          get: () => {
            throw new Error('trap');
          },
          getPrototypeOf: () => {
            throw new Error('trap');
          },
          ownKeys: () => {
            throw new Error('trap');
          },
        },
      ),
    ),
};
const unrecordable: Readonly<Record<string, () => unknown>> = {
  'gives a function': () => () => 1,
  'gives a symbol within an object': () => ({ inner: Symbol('x') }),
};

for (const [what, misbehave] of Object.entries({ ...misbehaviours, ...unrecordable })) {
  test(`an activity that ${what} fails its run and nobody else's`, async (t) => {
    const bad = workflow('bad', (n$: Observable<number>) =>
      n$.pipe(activity('bad', () => misbehave(), { retry: { maxAttempts: 2, initialInterval: 10 } })),
    );
    const good = workflow('good', (n$: Observable<number>) => n$.pipe(activity('good', (n: number) => n + 1)));
    const { tempolite, clock } = await engineOf(t, { workflows: [bad, good] });

    const failing = await tempolite.start(bad, 1);
    const fine = await tempolite.start(good, 1);

    const error = await t.throwsAsync(clock.until(failing.result()), { instanceOf: ActivityError });
    t.is(error.code, what in unrecordable ? 'RESULT_UNRECORDABLE' : 'ACTIVITY_FAILED');
    t.is(await clock.until(fine.result()), 2);
  });
}

test('an activity that never settles runs into its timeout; what it says afterwards is dropped', async (t) => {
  const late = deferred<string>();
  const signals: AbortSignal[] = [];
  const slow = workflow('slow', (n$: Observable<number>) =>
    n$.pipe(
      activity(
        'slow',
        (_: number, { signal }: ActivityContext<number>) => {
          signals.push(signal);
          return late.promise;
        },
        { timeout: '1 minute', retry: { maxAttempts: 2, initialInterval: '1 second', jitter: 0 } },
      ),
    ),
  );
  const { tempolite, clock } = await engineOf(t, { workflows: [slow] });
  const start = clock.now();
  const run = await tempolite.start(slow, 1);

  await t.throwsAsync(clock.until(run.result()), { code: 'ACTIVITY_TIMEOUT' });
  t.is(clock.now() - start, 121_000);
  t.deepEqual(
    signals.map(({ aborted }) => aborted),
    [true, true],
  );

  late.resolve('too late');
  await clock.settle();
  await t.throwsAsync(run.result(), { code: 'ACTIVITY_TIMEOUT' });
});

test('an overall timeout ends all attempts together', async (t) => {
  let calls = 0;
  const flaky = workflow('flaky', (n$: Observable<number>) =>
    n$.pipe(
      activity(
        'flaky',
        () => {
          calls += 1;
          throw new Error('down');
        },
        {
          overallTimeout: '10 seconds',
          retry: { maxAttempts: 100, initialInterval: '4 seconds', backoff: 1, jitter: 0 },
        },
      ),
    ),
  );
  const { tempolite, clock } = await engineOf(t, { workflows: [flaky] });
  const start = clock.now();

  await t.throwsAsync(clock.until((await tempolite.start(flaky, 1)).result()), { code: 'ACTIVITY_TIMEOUT' });

  t.is(clock.now() - start, 10_000);
  t.is(calls, 3);
});

test('a silent attempt fails by its heartbeat timeout; the details come back to the next one', async (t) => {
  const seen: unknown[] = [];
  const beating = workflow('beating', (n$: Observable<number>) =>
    n$.pipe(
      activity(
        'beat',
        (_: number, context: ActivityContext<number>) => {
          seen.push(context.heartbeatDetails);
          context.heartbeat({ page: context.attempt * 10 });
          return context.attempt === 3 ? Promise.resolve('done') : new Promise<string>(() => undefined);
        },
        { heartbeatTimeout: '5 seconds', retry: { maxAttempts: 3, initialInterval: 1, jitter: 0 } },
      ),
    ),
  );
  const { tempolite, clock } = await engineOf(t, { workflows: [beating] });

  t.is(await clock.until((await tempolite.start(beating, 1)).result()), 'done');
  t.deepEqual(seen, [undefined, { page: 10 }, { page: 20 }]);
});

test('two instances of a class under two names keep a state of their own', async (t) => {
  class Counter {
    count = 0;
    readonly by: number;
    constructor(by: number) {
      this.by = by;
    }
    run(n: number): number {
      this.count += this.by;
      return n + this.count;
    }
  }
  const ones = new Counter(1);
  const tens = new Counter(10);
  const counting = workflow('counting', (n$: Observable<number>) =>
    n$.pipe(activity('ones', ones), activity('tens', tens), activity('ones', ones)),
  );
  const { tempolite } = await engineOf(t, { workflows: [counting] });

  t.is(await (await tempolite.start(counting, 0)).result(), 1 + 10 + 2);
  t.deepEqual([ones.count, tens.count], [2, 10]);
});

test('the loser of a race is told by its AbortSignal', async (t) => {
  const aborted = deferred<unknown>();
  const racing = workflow('racing', (n$: Observable<number>) =>
    n$.pipe(
      activity('slow', (_: number, { signal }: ActivityContext<number>) => {
        signal.addEventListener('abort', () => {
          aborted.resolve(signal.reason);
        });
        return new Promise<string>(() => undefined);
      }),
      timeout({ first: 60_000 }),
      catchError(() => of('gave up')),
    ),
  );
  const { tempolite, clock } = await engineOf(t, { workflows: [racing] });

  t.is(await clock.until((await tempolite.start(racing, 1)).result()), 'gave up');
  t.is(((await aborted.promise) as Error).name, 'AbortError');
});

test('an intent is in the journal before the activity runs', async (t) => {
  let recorded: readonly string[] = [];
  const paying = workflow('paying', (n$: Observable<number>) =>
    n$.pipe(
      activity(
        'pay',
        async (n: number, { runId }: ActivityContext<number>) => {
          const events = await engine.tempolite.worker.journal.events(runId, 0, 0, 10);
          recorded = events.map(({ type }) => type);
          return n;
        },
        { intent: true },
      ),
    ),
  );
  const engine = await engineOf(t, { workflows: [paying] });

  await (await engine.tempolite.start(paying, 1)).result();

  t.deepEqual(recorded, ['started', 'activity-intended']);
});

test('an activity is told who it is', async (t) => {
  let told: ActivityContext<number> | undefined;
  const curious = workflow('curious', (n$: Observable<number>) =>
    n$.pipe(
      map((n) => n + 1),
      activity('ask', (_: number, context: ActivityContext<number>) => {
        told = context;
        return context.idempotencyKey;
      }),
    ),
  );
  const { tempolite } = await engineOf(t, { workflows: [curious] });
  const run = await tempolite.start(curious, 1, { id: 'who' });
  const key = await run.result();

  t.is(told?.input, 2);
  t.is(told?.attempt, 1);
  t.is(told?.runId, 'who');
  t.is(told?.stepKey, 'activity:ask#0');
  t.is(told?.idempotencyKey, key);
  t.is(told?.emitted, 0);
  t.false(told?.signal.aborted);
});

test('a step that is recorded is durable before the next one starts', async (t) => {
  let found: readonly string[] = [];
  const url = { value: '' };
  const two = workflow('two', (n$: Observable<number>) =>
    n$.pipe(
      activity('one', (n: number) => n + 1),
      activity('two', async (n: number, { runId }: ActivityContext<number>) => {
        // A reader of its own sees what is committed, not what this process believes.
        const { openJournal } = await import('../../source/journal/libsql/open-journal.js');
        const journal = await openJournal({ url: url.value });
        found = (await journal.events(runId, 0, 0, 10)).map(({ type }) => type);
        await journal.close();
        return n;
      }),
    ),
  );
  const engine = await engineOf(t, { workflows: [two] });
  url.value = engine.url;

  await (await engine.tempolite.start(two, 1)).result();

  t.deepEqual(found, ['started', 'activity-completed']);
});

test('a database in memory is the default', async (t) => {
  const echo = workflow('echo', (n$: Observable<number>) => n$.pipe(activity('echo', (n: number) => n)));
  await using tempolite = await Tempolite.open({ workflows: [echo] });

  t.is(await (await tempolite.start(echo, 7)).result(), 7);
});
