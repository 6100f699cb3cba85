import test from 'ava';
import { delay, type Observable } from 'rxjs';
import { activity, childWorkflow, duration, finalizeWith, workflow, type ActivityContext } from '../../source/index.js';
import { deferred, engineOf } from '../_support/engine.js';
import { asked, failures, lives, statusOf, swept } from '../_support/lives.js';

test('a run that is terminated ends at once, without clean-up; its activity hears of it', async (t) => {
  const aborted = deferred();
  const done: string[] = [];
  const working = workflow('working', (n$: Observable<number>) =>
    n$.pipe(
      activity('work', (_: number, { signal }: ActivityContext<number>) => {
        signal.addEventListener('abort', () => {
          aborted.resolve();
        });
        return new Promise(() => undefined);
      }),
      finalizeWith('tidy', () => done.push('tidy')),
    ),
  );
  const { tempolite, clock } = await engineOf(t, { workflows: [working] });
  const run = await tempolite.start(working, 1);
  await clock.settle();

  await run.terminate();

  await t.throwsAsync(run.result(), { code: 'RUN_TERMINATED' });
  await aborted.promise;
  await clock.advance('1 day');
  t.deepEqual(done, []);
});

test('a run is terminated twice, while it is paused, and while nobody knows its workflow', async (t) => {
  const napping = workflow('napping', (n$: Observable<number>) => n$.pipe(delay(duration('1 day'))));
  const other = workflow('other', (n$: Observable<number>) => n$);
  const first = await engineOf(t, { workflows: [napping] });
  const paused = await first.tempolite.start(napping, 1, { id: 'paused' });
  await first.tempolite.start(napping, 1, { id: 'unknown' });
  await paused.pause();
  await first.clock.settle();
  await first.tempolite.close();
  const second = await engineOf(t, { workflows: [other], url: first.url, clock: first.clock });

  for (const id of ['paused', 'unknown']) {
    const run = second.tempolite.run(id);
    await Promise.all([run.terminate(), run.terminate()]);
    await run.terminate();

    await t.throwsAsync(run.result(), { code: 'RUN_TERMINATED' }, id);
  }
});

test('the children of a terminated run get their close policy', async (t) => {
  const kid = workflow('kid', (n$: Observable<number>) => n$.pipe(delay(duration('1 hour'))));
  const mother = workflow('mother', (n$: Observable<number>) => n$.pipe(childWorkflow(kid)));
  const { tempolite, clock } = await engineOf(t, { workflows: [mother, kid] });
  const run = await tempolite.start(mother, 1);
  await clock.settle();

  await run.terminate();
  await clock.advance('1 minute');

  t.deepEqual(
    (await tempolite.list({ workflow: 'kid' })).map(({ status }) => status),
    ['cancelled'],
  );
});

for (const [name, life] of Object.entries({ ...lives, ...failures })) {
  test(`${name} is terminated, with a crash anywhere`, async (t) => {
    for (const at of [1137, 2637])
      t.is(statusOf(await swept(asked(life, [at, 'terminate'], [at, 'terminate']), 3)), 'terminated');
  });
}
