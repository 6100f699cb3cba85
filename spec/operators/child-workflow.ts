import test from 'ava';
import {
  catchError,
  concat,
  EMPTY,
  from,
  map,
  merge,
  mergeMap,
  NEVER,
  of,
  range,
  take,
  throwError,
  timer,
  toArray,
  type Observable,
} from 'rxjs';
import { childWorkflow, defineActivity, execute, workflow, type WorkflowDefinition } from '../../source/index.js';
import { crashEverywhere, takes, TestEngine } from '../../source/testing/index.js';

const double = defineActivity('double', {}, (n: number) => n * 2);
const activities = { double: takes(5, (n: number) => n * 2) };

const doubler = workflow('doubler', (n$: Observable<number>) => n$.pipe(mergeMap((n) => execute(double, n))));
const counter = workflow('counter', (n$: Observable<number>) =>
  n$.pipe(
    mergeMap((n) =>
      timer(n, n).pipe(
        take(3),
        map((i) => `${n}:${i}`),
      ),
    ),
  ),
);
const silent = workflow('silent', () => EMPTY);
const firehose = workflow('firehose', (n$: Observable<number>) => n$.pipe(mergeMap((n) => range(0, n))));
const failing = workflow('failing', (n$: Observable<number>) =>
  n$.pipe(
    mergeMap((n) =>
      concat(
        of(n),
        throwError(() => new TypeError(`no ${n}`)),
      ),
    ),
  ),
);
const workflows = [doubler, counter, silent, firehose, failing];

type Body = (n$: Observable<number>) => Observable<unknown>;
const parentOf = (body: Body): WorkflowDefinition<number, unknown> => workflow('parent', body);
const codeOf = (error: unknown): Observable<string> => of((error as { readonly code: string }).code);
const noChild = childWorkflow(doubler);

/** What the parent emits, and how many children it starts. */
const cases: Readonly<Record<string, readonly [body: Body, outputs: readonly unknown[], children: number]>> = {
  'values, one child after the other': [() => of(1, 2, 3).pipe(childWorkflow(doubler)), [2, 4, 6], 3],
  'values, children side by side': [
    () => of(9, 5).pipe(childWorkflow(counter, { concurrency: 2 })),
    ['5:0', '9:0', '5:1', '5:2', '9:1', '9:2'],
    2,
  ],
  'a child without outputs': [() => of(1).pipe(childWorkflow(silent)), [], 1],
  'an empty source': [() => EMPTY.pipe(noChild), [], 0],
  'a source that never emits': [() => merge(NEVER.pipe(noChild), timer(9)).pipe(take(1)), [0], 0],
  'an error in the source': [
    () =>
      concat(
        of(1),
        throwError(() => Object.assign(new Error('no'), { code: 'OF_THE_SOURCE' })),
      ).pipe(childWorkflow(doubler), catchError(codeOf)),
    ['OF_THE_SOURCE'],
    0,
  ],
  'an error in the child': [() => of(7).pipe(childWorkflow(failing), catchError(codeOf)), [7, 'CHILD_FAILED'], 1],
  'an early unsubscription': [() => of(5, 6).pipe(childWorkflow(counter), take(2)), ['5:0', '5:1'], 1],
  'a synchronous firehose in the child': [
    () =>
      of(500).pipe(
        childWorkflow(firehose),
        toArray(),
        map((all) => all.length),
      ),
    [500],
    1,
  ],
  'a synchronous firehose of values': [
    () =>
      range(0, 30).pipe(
        childWorkflow(firehose, { concurrency: 10 }),
        toArray(),
        map((all) => all.length),
      ),
    [435],
    30,
  ],
};

for (const [what, [body, outputs, children]] of Object.entries(cases)) {
  test(`childWorkflow: ${what}`, async (t) => {
    const parent = parentOf(body);
    const engine = await TestEngine.open({ workflows: [parent, ...workflows], activities });
    t.teardown(() => engine.close());
    const run = await engine.start(parent, 0, { id: 'p' });

    await run.result();

    t.deepEqual(await run.outputs(), outputs);
    t.is((await engine.tempolite.list({ parent: 'p' })).length, children);
  });
}

for (const what of ['values, children side by side', 'an error in the child', 'an early unsubscription'] as const) {
  test(`childWorkflow: ${what}, crashed after every event`, async (t) => {
    const [body] = cases[what]!;

    const { points } = await crashEverywhere(parentOf(body), 0, { activities, workflows }, { pairs: 5 });

    t.true(points > 20);
  });
}

for (const concurrency of [0, -1, 1.5, NaN]) {
  test(`childWorkflow refuses a concurrency of ${concurrency}`, (t) => {
    t.throws(() => childWorkflow(doubler, { concurrency }), { code: 'INVALID_ARGUMENT' });
  });
}

test('childWorkflow refuses a policy that there is not', async (t) => {
  const parent = parentOf(() =>
    from([1]).pipe(childWorkflow(doubler, { onClose: 'forget' as 'cancel' }), catchError(codeOf)),
  );
  const engine = await TestEngine.open({ workflows: [parent, ...workflows], activities });
  t.teardown(() => engine.close());

  t.is(await (await engine.start(parent, 0)).result(), 'INVALID_ARGUMENT');
});
