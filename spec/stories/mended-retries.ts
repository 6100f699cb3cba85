import test, { type ExecutionContext } from 'ava';
import { forkJoin, map, mergeMap, of, type Observable } from 'rxjs';
import {
  activity,
  defineSignal,
  execute,
  finalizeWith,
  sleep,
  workflow,
  type RetryPolicy,
  type Run,
  type WorkflowDefinition,
} from '../../source/index.js';
import type { TestClock } from '../../source/testing/index.js';
import { engineOf } from '../_support/engine.js';

// Runs that wait for their retry while their code is mended: what they go on with does not fit the failure that the retry takes back.

const hourly: RetryPolicy = { maxAttempts: 3, initialInterval: '1 hour', backoff: 2, maxInterval: '1 day', jitter: 0 };
const word = defineSignal<string>('word');

const bug = (id: string): string => {
  if (id !== '') throw new Error('a bug');
  return id;
};

/** What may come to a run between its failure and its retry. */
const meanwhile: Readonly<Record<string, (run: Run, clock: TestClock) => Promise<unknown>>> = {
  nothing: () => Promise.resolve(),
  'a signal': (run) => run.signal(word, 'once more'),
  'a pause, and its end': async (run, clock) => {
    await clock.until(run.pause());
    await clock.until(run.resume());
  },
  'a pause that ends after the retry was due': async (run, clock) => {
    await clock.until(run.pause());
    await clock.advance('1 day');
    await clock.until(run.resume());
  },
};

for (const [what, comes] of Object.entries(meanwhile)) {
  test(`a run that waits for its retry while its code is mended goes on with the mended code: ${what}`, async (t) => {
    const { mended, engine } = await mendedWhileWaiting(t);
    const run = engine.tempolite.run('o1', mended);

    await comes(run, engine.clock);

    t.is(await engine.clock.until(run.result()), 'o1 shipped');
  });
}

test('a run that waits for its retry while its code is mended can be cancelled before', async (t) => {
  const { mended, engine } = await mendedWhileWaiting(t);
  const run = engine.tempolite.run('o1', mended);

  await engine.clock.until(run.cancel());

  await t.throwsAsync(engine.clock.until(run.result()), { code: 'RUN_CANCELLED' });
});

test('a run that waits for its retry while its code is mended is not blocked by what a child of it has written meanwhile', async (t) => {
  const child = workflow('child', (x$: Observable<string>) => x$.pipe(sleep('30 minutes')));
  const shipped = (work: (id: string) => string): WorkflowDefinition<string, string> =>
    workflow('order', { retry: hourly }, (id$: Observable<string>) =>
      id$.pipe(
        mergeMap((id) =>
          forkJoin([
            execute(child, id),
            of(id).pipe(
              activity('charge', (paid: string) => paid),
              map(work),
            ),
          ]),
        ),
        map((words) => words.join(' ')),
      ),
    );
  const first = await engineOf(t, { workflows: [shipped(bug), child] });
  await first.tempolite.start(shipped(bug), 'o1', { id: 'o1' });
  await first.clock.advance('1 minute');
  await first.tempolite.close();

  const mended = shipped((id) => `${id} shipped`);
  const second = await engineOf(t, { workflows: [mended, child], url: first.url, clock: first.clock });

  t.is(await second.clock.until(second.tempolite.run('o1', mended).result()), 'o1 o1 shipped');
});

/** Its own code has failed; the next process has it mended, and the retry is due in an hour. */
const mendedWhileWaiting = async (t: ExecutionContext) => {
  const charged = (work: (id: string) => string): WorkflowDefinition<string, string> =>
    workflow('order', { retry: hourly }, (id$: Observable<string>) =>
      id$.pipe(
        activity('charge', (id: string) => id),
        finalizeWith('refund', ({ runId }) => runId),
        map(work),
      ),
    );
  const before = charged(bug);
  const first = await engineOf(t, { workflows: [before] });
  await first.tempolite.start(before, 'o1', { id: 'o1' });
  await first.clock.advance('1 minute');
  await first.tempolite.close();

  const mended = charged((id) => `${id} shipped`);
  const engine = await engineOf(t, { workflows: [mended], url: first.url, clock: first.clock });
  return { mended, engine };
};
