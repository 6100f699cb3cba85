import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import test, { type ExecutionContext } from 'ava';
import { catchError, from, map, mergeMap, of, reduce, toArray, type Observable } from 'rxjs';
import {
  activity,
  ChildError,
  childWorkflow,
  execute,
  workflow,
  type ActivityContext,
  type WorkflowDefinition,
} from '../../source/index.js';
import { faultsOf } from '../_support/check-journal.js';
import { engineOf } from '../_support/engine.js';
import { folderOf } from '../_support/folder.js';
import { program } from '../_support/program.js';

const once = { retry: { maxAttempts: 1 } } as const;

const parentOf = <O>(child: WorkflowDefinition<number, O>): WorkflowDefinition<number, O> =>
  workflow('parent', (n$: Observable<number>) => n$.pipe(childWorkflow(child)));

test('a child that fails once goes on by its own retry policy, what had succeeded is kept (scenario 32)', async (t) => {
  const calls: string[] = [];
  const child = workflow(
    'child',
    { retry: { maxAttempts: 2, initialInterval: '1 hour', maxInterval: '1 day', jitter: 0 } },
    (n$: Observable<number>) =>
      n$.pipe(
        activity('first', (n: number) => {
          calls.push('first');
          return n + 1;
        }),
        activity(
          'second',
          (n: number) => {
            calls.push('second');
            if (calls.length === 2) throw new Error('not yet');
            return n * 2;
          },
          once,
        ),
      ),
  );
  const parent = parentOf(child);
  const { tempolite, clock } = await engineOf(t, { workflows: [parent, child] });
  const start = clock.now();

  const run = await tempolite.start(parent, 20);

  t.is(await clock.until(run.result()), 42);
  t.deepEqual(calls, ['first', 'second', 'second']);
  t.is(clock.now() - start, 60 * 60_000);
});

test('a child that fails for good fails its parent with the chain of causes, by codes (scenario 32)', async (t) => {
  const child = workflow('child', (n$: Observable<number>) =>
    n$.pipe(
      activity(
        'pay',
        (): number => {
          throw new RangeError('no money');
        },
        once,
      ),
    ),
  );
  const parent = parentOf(child);
  const { tempolite } = await engineOf(t, { workflows: [parent, child] });

  const run = await tempolite.start(parent, 1, { id: 'p' });
  const error = await t.throwsAsync(run.result(), { instanceOf: ChildError });

  t.is(error.code, 'CHILD_FAILED');
  t.like(error.cause, { name: 'ActivityError', code: 'ACTIVITY_FAILED' });
  t.like((error.cause as Error).cause, { name: 'RangeError', message: 'no money' });
  const child0 = await tempolite.list({ parent: 'p' });
  t.deepEqual(
    child0.map(({ id, status }) => [id, status]),
    [['p/0/child:child#0', 'failed']],
  );
});

test('a parent may catch the failure of a child and start another (scenario 32)', async (t) => {
  const child = workflow('child', (n$: Observable<number>) =>
    n$.pipe(
      map((n) => {
        if (n < 3) throw new Error(`${n} is too small`);
        return n;
      }),
    ),
  );
  const parent = workflow('parent', (n$: Observable<number>) => {
    const tryOne = (n: number): Observable<number> =>
      execute(child, n).pipe(
        catchError((error: unknown) =>
          error instanceof ChildError && error.code === 'CHILD_FAILED' ? tryOne(n + 1) : of(-1),
        ),
      );
    return n$.pipe(mergeMap(tryOne));
  });
  const { tempolite } = await engineOf(t, { workflows: [parent, child] });

  const run = await tempolite.start(parent, 0);

  t.is(await run.result(), 3);
  t.is((await tempolite.list({ parent: run.id })).length, 4);
});

const nested: WorkflowDefinition<number, string> = workflow('nested', (depth$: Observable<number>) =>
  depth$.pipe(
    mergeMap((depth) =>
      depth === 0
        ? of('bottom').pipe(activity('touch', (text: string) => Promise.resolve(text)))
        : execute(nested, depth - 1).pipe(map((text) => `${text}^`)),
    ),
  ),
);

const generations = async (t: ExecutionContext, options: { readonly maxResidentRuns?: number }): Promise<void> => {
  const { tempolite } = await engineOf(t, { workflows: [nested], ...options });
  const since = performance.now();

  const run = await tempolite.start(nested, 50, { id: 'top' });

  t.is(await run.result(), `bottom${'^'.repeat(50)}`);
  t.log(`50 deep: ${Math.round(performance.now() - since)} ms`);
  const all = await tempolite.list({ limit: 100 });
  t.is(all.length, 51);
  t.true(all.every(({ status }) => status === 'completed'));
  t.true(all.every(({ id }) => id.length <= 200));
};

test('children are 50 deep (scenario 32)', (t) => generations(t, {}));

test('children are 50 deep with room for three runs in memory (scenario 32)', (t) =>
  generations(t, { maxResidentRuns: 3 }));

test('a failure comes up through 50 generations, with its beginning (scenario 32)', async (t) => {
  const falling: WorkflowDefinition<number, string> = workflow('falling', (depth$: Observable<number>) =>
    depth$.pipe(
      mergeMap((depth) => {
        if (depth === 0) throw new Error('the ground');
        return execute(falling, depth - 1);
      }),
    ),
  );
  const { tempolite } = await engineOf(t, { workflows: [falling] });

  const run = await tempolite.start(falling, 50);
  const error = await t.throwsAsync(run.result(), { instanceOf: ChildError });

  let [last, depth]: [unknown, number] = [error, 0];
  while (last instanceof ChildError) [last, depth] = [last.cause, depth + 1];
  t.is(depth, 50);
  t.is((last as Error).message, 'the ground');
});

const wide = async (t: ExecutionContext, options: { readonly maxResidentRuns?: number }): Promise<void> => {
  const child = workflow('child', (n$: Observable<number>) =>
    n$.pipe(activity('square', (n: number) => Promise.resolve(n * n))),
  );
  const parent = workflow('parent', (n$: Observable<number>) =>
    n$.pipe(
      mergeMap((n) => from(Array.from({ length: n }, (_, i) => i))),
      childWorkflow(child, { concurrency: Infinity }),
      reduce((sum, square) => sum + square, 0),
    ),
  );
  const { tempolite } = await engineOf(t, { workflows: [parent, child], ...options });
  const since = performance.now();

  const run = await tempolite.start(parent, 200, { id: 'parent' });

  t.is(await run.result(), (199 * 200 * 399) / 6);
  t.log(`200 wide: ${Math.round(performance.now() - since)} ms`);
  t.is((await tempolite.list({ parent: 'parent', status: 'completed', limit: 1000 })).length, 200);
};

test('children are 200 wide on one worker (scenario 32)', (t) => wide(t, {}));

test('children are 200 wide with room for three runs in memory (scenario 32)', (t) => wide(t, { maxResidentRuns: 3 }));

test('concurrency limits the children at work, and 1 keeps their order', async (t) => {
  let [now, most] = [0, 0];
  const child = workflow('child', (n$: Observable<number>) =>
    n$.pipe(
      activity('work', async (n: number, { signal }: ActivityContext<number>) => {
        now += 1;
        most = Math.max(most, now);
        await new Promise((resolve) => setImmediate(resolve));
        now -= 1;
        return signal.aborted ? -1 : n;
      }),
    ),
  );
  const parent = workflow('parent', (concurrency$: Observable<number>) =>
    concurrency$.pipe(
      mergeMap((concurrency) => from([5, 4, 3, 2, 1]).pipe(childWorkflow(child, { concurrency }), toArray())),
    ),
  );
  const { tempolite } = await engineOf(t, { workflows: [parent, child] });

  t.deepEqual(await (await tempolite.start(parent, 1)).result(), [5, 4, 3, 2, 1]);
  t.is(most, 1);
  const merged = await (await tempolite.start(parent, 2)).result();
  t.deepEqual([...(merged ?? [])].sort(), [1, 2, 3, 4, 5]);
  t.is(most, 2);
});

interface Told {
  readonly result: readonly number[];
  readonly commits: number;
  readonly runs: readonly string[];
}

const isResult = (message: Told): boolean => 'result' in message;
const family = ['parent completed', ...[0, 1].map((n) => `parent/0/child:child#${n} completed`)];

for (const when of ['before', 'after']) {
  test(`killed ${when} each commit of a parent and its children, there is exactly one child for each value (scenario 32)`, async (t) => {
    for (let n = 1, isOver = false; !isOver; n += 1) {
      const folder = folderOf(t);
      const [url, world] = [`file:${join(folder, 'runs.db')}`, join(folder, 'world')];
      const { signal } = await program(t, 'family', [url, world, when, String(n)]).ended;
      isOver = signal !== 'SIGKILL';
      if (isOver) t.true(n > 6, `there are ${n} commits`);

      const told = await program(t, 'family', [url, world]).message<Told>(isResult);

      t.deepEqual(told.result, [10, 20], `killed ${when} commit ${n}`);
      t.deepEqual(told.runs, family);
      const done = readFileSync(world, 'utf8').trim().split('\n');
      t.is(new Set(done).size, 2);
      t.true(done.length <= (when === 'before' ? 3 : 2), `${done.length} executions, killed ${when} commit ${n}`);
      t.deepEqual(await faultsOf(url), []);
    }
  });
}
