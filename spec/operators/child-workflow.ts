import test from 'ava';
import { EMPTY, from, map, mergeMap, NEVER, of, range, take, throwError, timer, toArray, type Observable } from 'rxjs';
import { childWorkflow, EngineError, execute, workflow, type ClosePolicy } from '../../source/index.js';
import { crashEverywhere, TestEngine } from '../../source/testing/index.js';

const double = workflow('double', (n$: Observable<number>) =>
  n$.pipe(mergeMap((n) => timer(10).pipe(map(() => n * 2)))),
);
const twice = workflow('twice', (n$: Observable<number>) => n$.pipe(mergeMap((n) => of(n, n + 1))));
const workflows = [double, twice];

/** Plays a pipeline; its result, and how many children there were. */
const play = async <O>(
  body: (n$: Observable<number>) => Observable<O>,
): Promise<{ readonly result: O | undefined; readonly statuses: readonly string[] }> => {
  const parent = workflow('parent', body);
  await using engine = await TestEngine.open({ workflows: [parent, ...workflows] });
  const run = await engine.start(parent, 3, { id: 'p' });
  const result = await run.result();
  await engine.advance('1 hour');
  const children = await engine.tempolite.list({ parent: 'p' });
  return { result, statuses: children.map(({ status }) => status) };
};

test('emits what each child emits, in the order of the values', async (t) => {
  const { result, statuses } = await play((n$) =>
    n$.pipe(
      mergeMap(() => from([1, 5])),
      childWorkflow(twice),
      toArray(),
    ),
  );

  t.deepEqual(result, [1, 2, 5, 6]);
  t.deepEqual(statuses, ['completed', 'completed']);
});

test('completes with an empty source, and starts nothing', async (t) => {
  const { result, statuses } = await play(() => EMPTY.pipe(childWorkflow(double), toArray()));

  t.deepEqual(result, []);
  t.deepEqual(statuses, []);
});

test('never ends with a source that never does', async (t) => {
  const parent = workflow('parent', () => NEVER.pipe(childWorkflow(double)));
  await using engine = await TestEngine.open({ workflows: [parent, double] });
  const run = await engine.start(parent, 1);

  await engine.advance('1 day');

  t.is((await run.state()).status, 'waiting');
});

test('an error of the source is the error, whatever children have done', async (t) => {
  await t.throwsAsync(
    play((n$) =>
      n$.pipe(
        mergeMap(() => throwError(() => new Error('source'))),
        childWorkflow(double),
      ),
    ),
    { message: 'source' },
  );
});

test('an early unsubscription cancels the child that is at work, and starts no other', async (t) => {
  const { result, statuses } = await play((n$) =>
    n$.pipe(
      mergeMap(() => range(0, 5)),
      childWorkflow(twice),
      take(3),
      toArray(),
    ),
  );

  t.deepEqual(result, [0, 1, 1]);
  t.is(statuses.length, 2);
});

test('a synchronous firehose of values starts children one after the other', async (t) => {
  const { result, statuses } = await play((n$) =>
    n$.pipe(
      mergeMap(() => range(0, 100)),
      childWorkflow(double),
      toArray(),
    ),
  );

  t.deepEqual(
    result,
    Array.from({ length: 100 }, (_, n) => n * 2),
  );
  t.is(statuses.length, 100);
});

test('an input that cannot be written down fails the pipeline before a child is started', async (t) => {
  const any = workflow('any', (value$: Observable<unknown>) => value$);
  const parent = workflow('parent', (n$: Observable<number>) => n$.pipe(mergeMap(() => execute(any, Symbol('no')))));
  await using engine = await TestEngine.open({ workflows: [parent, any] });
  const run = await engine.start(parent, 1, { id: 'p' });

  await t.throwsAsync(run.result(), { code: 'INVALID_VALUE' });

  t.deepEqual(await engine.tempolite.list({ parent: 'p' }), []);
});

for (const concurrency of [0, -1, 1.5, NaN]) {
  test(`concurrency ${concurrency} is refused when the pipeline is written`, (t) => {
    const error = t.throws(() => childWorkflow(double, { concurrency }), { instanceOf: EngineError });

    t.is(error.code, 'INVALID_ARGUMENT');
  });
}

test('a policy that there is not fails the pipeline', async (t) => {
  const onClose = 'forget' as ClosePolicy;

  await t.throwsAsync(
    play((n$) => n$.pipe(childWorkflow(double, { onClose }))),
    { code: 'INVALID_ARGUMENT' },
  );
});

test('tags and priority are the child’s; without one it has the priority of its parent', async (t) => {
  const parent = workflow('parent', (n$: Observable<number>) =>
    n$.pipe(childWorkflow(twice, { tags: { kind: 'small' }, priority: 7 }), take(1), childWorkflow(twice)),
  );
  await using engine = await TestEngine.open({ workflows: [parent, twice] });
  await (await engine.start(parent, 1, { id: 'p', priority: 3 })).result();

  t.like(await engine.tempolite.list({ parent: 'p' }), [
    { priority: 7, tags: { kind: 'small' } },
    { priority: 3, tags: {} },
  ]);
});

test('a crash after every event changes nothing', async (t) => {
  const parent = workflow('parent', (n$: Observable<number>) =>
    n$.pipe(childWorkflow(twice), childWorkflow(double, { concurrency: 1 })),
  );

  const { points } = await crashEverywhere(parent, 3, { workflows }, { pairs: 10 });

  t.true(points > 20);
});
