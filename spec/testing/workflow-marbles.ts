import { AssertionError } from 'node:assert';
import test from 'ava';
import { concatMap, delay, map, mergeMap, of, type Observable } from 'rxjs';
import { activity, awaitSignal, defineSignal, duration, sideEffect, workflow } from '../../source/index.js';
import { workflowMarbles } from '../../source/testing/index.js';

const approval = defineSignal<boolean>('approval');

const order = workflow('order', (id$: Observable<string>) =>
  id$.pipe(
    activity('charge', (id: string) => `charge of ${id}`, { retry: { initialInterval: 4, jitter: 0, maxAttempts: 2 } }),
    awaitSignal(approval, (approved, charge) => `${charge} ${approved}`),
    delay(5),
  ),
);

test('a workflow is played with its activities and signals at their frames', (t) =>
  workflowMarbles(t, ({ activityAt, signalAt, expectOutput, expectState, expectHistory }) => {
    activityAt('charge', '--(c|)', { c: 'ch_1' });
    signalAt(approval, '-----a', { a: true });

    expectOutput(order, 'o1').toBe('----------(r|)', { r: 'ch_1 true' });
    expectState(order, 'o1').toBe('r-w-------c');
    expectHistory(order, 'o1').toBe(`
      input            i
      activity:charge  --c
      signal:approval  -----s
      timer:rxjs       ----------t
      output           ----------(r|)
      where
        i = "o1"
        c = "ch_1"
        s = true
        t = fired
        r = "ch_1 true"
    `);
  }));

test('a cold source begins at its subscription, a hot one with the run', (t) =>
  workflowMarbles(t, ({ cold, hot, expectOutput }) => {
    const hot$ = hot('-a-b-c-d|');

    expectOutput(() => cold('a-b-(cd|)').pipe(delay(2))).toBe('--a-b-(cd|)');
    expectOutput(() => cold('--x|').pipe(mergeMap(() => hot$))).toBe('---b-c-d|');
    expectOutput(() => hot$).toBe('-a-b-c-d|');
  }));

test('an error of a source is the failure of the run', (t) =>
  workflowMarbles(t, ({ cold, expectOutput }) => {
    expectOutput(() => cold('-a-#', {}, new TypeError('no more'))).toBe('-a-#', {}, new TypeError('no more'));
  }));

test('an activity may stream, fail an attempt, and depend on its input', (t) =>
  workflowMarbles(t, ({ activityAt, signalAt, expectOutput }) => {
    const two = (n$: Observable<string>): Observable<unknown> =>
      n$.pipe(
        mergeMap(() => of('x', 'y')),
        activity('stream', (text: string) => text, { retry: { maxAttempts: 1 }, concurrency: 2 }),
      );
    activityAt('stream', (text: string) => (text === 'x' ? '-a-b|' : '--c|'));
    let attempts = 0;
    activityAt('charge', () => ((attempts += 1) === 1 ? '--#' : '-(c|)'));
    signalAt(approval, 'a', { a: false });

    expectOutput(two).toBe('-acb|');
    expectOutput(order, 'o1').toBe('7ms -----(r|)', { r: 'c false' });
  }));

test('weeks pass at once', (t) =>
  workflowMarbles(t, ({ expectOutput, time }) => {
    t.is(time('2m |'), 120_000);
    expectOutput((a$: Observable<string>) => a$.pipe(delay(duration('2 weeks')))).toBe('20160m (a|)', { a: 'input' });
  }));

test('a difference without a test runner is an AssertionError that has the history', async (t) => {
  const error = await t.throwsAsync(
    workflowMarbles(({ cold, expectOutput }) => {
      expectOutput(() => cold('a-b|')).toBe('a-c|');
    }),
  );

  t.true(error instanceof AssertionError);
  t.regex(error.message, /expected a-c\|[^]*timer:rxjs/);
});

test('a run that is blocked differs from whatever is expected', async (t) => {
  const error = await t.throwsAsync<AssertionError>(
    workflowMarbles(({ expectOutput }) => {
      expectOutput((a$: Observable<string>) =>
        a$.pipe(mergeMap((a) => new Promise((resolve) => setImmediate(resolve, a)))),
      ).toBe('(a|)');
    }),
  );

  t.like(error.actual, [{ kind: 'E', value: { code: 'NON_DETERMINISM' } }]);
});

test('with `crash` everything is played once more with a crash everywhere', async (t) => {
  let lives = 0;
  const wrong = workflow('wrong', (a$: Observable<string>) =>
    a$.pipe(
      map((a) => `${a}${(lives += 1)}`),
      activity('echo', (a: string) => a),
    ),
  );
  const play = (crash: boolean): Promise<void> =>
    workflowMarbles(
      ({ expectOutput }) => {
        expectOutput(wrong).toBe('(a|)', { a: 'input1' });
      },
      { crash },
    );

  await play(false);
  lives = 0;
  await t.throwsAsync(play(true), { code: 'CRASH_DIFFERS' });
});

test('mistakes in the test itself are told', async (t) => {
  const wrong = { code: 'INVALID_ARGUMENT' };

  t.throws(() => workflowMarbles('cold' as never), wrong);
  await t.throwsAsync(
    workflowMarbles(() => undefined),
    { ...wrong, message: /expects nothing/ },
  );
  await t.throwsAsync(
    workflowMarbles(({ expectHistory }) => {
      expectHistory(order, 'o1').toBe('input a\nwhere\n a: 1');
    }),
    { ...wrong, message: /a: 1/ },
  );
  await t.throwsAsync(
    workflowMarbles(({ hot, expectOutput }) => {
      expectOutput((a$: Observable<string>) => a$.pipe(concatMap(() => hot('-a|')))).toBe('-a|');
    }),
    { message: /expected -a\|/ },
  );
});

test('a side effect is drawn under its name', (t) =>
  workflowMarbles(t, ({ expectHistory }) => {
    expectHistory((a$: Observable<string>) => a$.pipe(sideEffect('id', () => 42))).toBe(
      'input a\nsideEffect:id b\noutput (b|)\nwhere\n a = "input"\n b = 42',
    );
  }));

test('any first argument without assertions is as good as none', async (t) => {
  for (const runner of [undefined, { name: 'a test of another runner' } as never]) {
    await t.throwsAsync(
      workflowMarbles(runner, ({ cold, expectOutput }) => {
        expectOutput(() => cold('a|')).toBe('b|');
      }),
      { instanceOf: AssertionError },
    );
  }
});
