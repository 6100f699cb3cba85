import test from 'ava';
import {
  catchError,
  concat,
  defer,
  EMPTY,
  merge,
  mergeMap,
  NEVER,
  of,
  range,
  take,
  takeUntil,
  throwError,
  timer,
  type Observable,
} from 'rxjs';
import { continueAsNew, defineActivity, execute, workflow } from '../../source/index.js';
import { crashEverywhere, takes, TestEngine } from '../../source/testing/index.js';

const work = defineActivity('work', {}, (n: number) => n);
const activities = { work: takes(5, (n: number) => n) };
const next = defer(() => continueAsNew(1));

/** What the first link does; the second one, whether it is reached, and what the run gives. */
const cases: Readonly<Record<string, readonly [first: () => Observable<unknown>, result: unknown, link: number]>> = {
  'a value before it': [() => concat(of('first'), next), 'second', 1],
  'after an empty source': [() => EMPTY.pipe(mergeMap(() => next)), undefined, 0],
  'beside what never ends': [() => merge(NEVER, next), 'second', 1],
  'after an activity': [() => execute(work, 1).pipe(mergeMap(() => next)), 'second', 1],
  'an error before it': [
    () =>
      concat(
        throwError(() => new Error('no')),
        next,
      ).pipe(catchError(() => of('caught'))),
    'caught',
    0,
  ],
  'an error after it, in the same turn': [
    () =>
      merge(
        next,
        throwError(() => new Error('no')),
      ),
    'second',
    1,
  ],
  'an early unsubscription from it': [() => merge(timer(5), next).pipe(takeUntil(timer(9))), 'second', 1],
  'never subscribed to': [() => concat(of('first'), next).pipe(take(1)), 'first', 0],
  'a synchronous firehose of them': [() => range(0, 100).pipe(mergeMap(() => next)), 'second', 1],
};

const chainOf = (first: () => Observable<unknown>) =>
  workflow('chain', (n$: Observable<number>) => n$.pipe(mergeMap((n) => (n === 1 ? of('second') : first()))));

for (const [what, [first, result, link]] of Object.entries(cases)) {
  test(`continueAsNew: ${what}`, async (t) => {
    const chain = chainOf(first);
    const engine = await TestEngine.open({ workflows: [chain], activities });
    t.teardown(() => engine.close());

    t.is(await (await engine.start(chain, 0)).result(), result);

    const runs = await engine.tempolite.list();
    t.deepEqual(
      runs.map((run) => run.link),
      [link],
    );
  });

  test(`continueAsNew: ${what}, crashed after every event`, async (t) => {
    const { points } = await crashEverywhere(chainOf(first), 0, { activities }, { pairs: 5 });

    t.true(points > 5);
  });
}

test('continueAsNew outside a run is told', (t) => {
  let told: unknown;

  continueAsNew(1).subscribe({
    error: (error: unknown) => {
      told = error;
    },
  });

  t.like(told, { code: 'NOT_IN_WORKFLOW' });
});
