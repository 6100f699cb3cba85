import test, { type ExecutionContext } from 'ava';
import { firstValueFrom, map, mergeMap, of, type Observable } from 'rxjs';
import {
  activity,
  awaitSignal,
  continueAsNew,
  defineSignal,
  getVersion,
  workflow,
  type AnyWorkflow,
  type WorkflowDefinition,
} from '../../source/index.js';
import { engineOf, type Engine } from '../_support/engine.js';
import { refused } from '../_support/stored.js';

/** The replay of a run that has completed: it holds today's code against what is recorded, and writes nothing. */

const note = defineSignal<string>('note');

/** The same run under other code. */
const underOther = async (
  t: ExecutionContext,
  before: AnyWorkflow,
  input: unknown,
  now: readonly AnyWorkflow[],
): Promise<Engine> => {
  const first = await engineOf(t, { workflows: [before] });
  const run = await first.tempolite.start(before, input, { id: 'run' });
  await first.clock.until(run.result());
  await first.tempolite.close();
  return engineOf(t, { workflows: now, url: first.url, clock: first.clock });
};

const versions = (min: number, max: number) =>
  workflow('w', (n$: Observable<number>) =>
    n$.pipe(mergeMap((n) => getVersion('change', min, max).pipe(map(() => n)))),
  );
const activities = (...names: readonly string[]) =>
  workflow('w', (n$: Observable<number>) =>
    names.reduce((all$, name) => all$.pipe(activity(name, (n: number) => n)), n$),
  );
const differences: Readonly<Record<string, readonly [before: AnyWorkflow, now: AnyWorkflow, code: string]>> = {
  'asks for something else': [activities('a'), activities('b'), 'DIVERGENCE'],
  'asks for less': [activities('a', 'b'), activities('a'), 'DIVERGENCE'],
  'asks for more': [activities('a'), activities('a', 'b'), 'DIVERGENCE'],
  'gives something else': [
    workflow('w', (n$: Observable<number>) => n$),
    workflow('w', (n$: Observable<number>) => n$.pipe(map((n) => n + 1))),
    'DIVERGENCE',
  ],
  'fails instead': [
    workflow('w', (n$: Observable<number>) => n$),
    workflow('w', (n$: Observable<number>) =>
      n$.pipe(
        map((): number => {
          throw new Error('no');
        }),
      ),
    ),
    'DIVERGENCE',
  ],
  'no longer has the version that was chosen': [versions(0, 1), versions(2, 3), 'VERSION_OUT_OF_RANGE'],
};

for (const [what, [before, now, code]] of Object.entries(differences)) {
  test(`code that ${what} is ${code} to the replay of what has completed, and nothing is written`, async (t) => {
    const engine = await underOther(t, before, 1, [now]);

    await refused(t, engine, () => engine.tempolite.run('run').replay(), code);
    t.is((await firstValueFrom(engine.tempolite.run('run').state$)).status, 'completed');
  });
}

test('a replay without the code of the run is WORKFLOW_NOT_REGISTERED', async (t) => {
  const engine = await underOther(t, activities('a'), 1, [
    workflow('w', { version: 2 }, (n$: Observable<number>) => n$),
  ]);

  const error = await refused(t, engine, () => engine.tempolite.run('run').replay(), 'WORKFLOW_NOT_REGISTERED');
  t.regex(error?.message ?? '', /"w" is not registered here in version 1/);
});

/** A link of each word; the next one has the newest version then. */
const chain = (version: number, step = `step ${version}`): WorkflowDefinition<string, string> =>
  workflow('chain', { version }, (text$: Observable<string>) =>
    text$.pipe(
      awaitSignal(note, (word, text) => `${text} ${word}`),
      activity(step, (text: string) => `${text}${version}`),
      mergeMap((text) => (text.includes('end') ? of(text) : continueAsNew(text, { version: 'newest' }))),
    ),
  );

test('each link of a run is held against the version that it had, as far as that is registered', async (t) => {
  const first = await engineOf(t, { workflows: [chain(1)] });
  const run = await first.tempolite.start(chain(1), 'v', { id: 'chain' });
  await first.clock.settle();
  await first.tempolite.close();
  const opened = async (...workflows: readonly AnyWorkflow[]): Promise<Engine> =>
    engineOf(t, { workflows, url: first.url, clock: first.clock });
  const second = await opened(chain(1), chain(2));
  for (const word of ['one', 'two', 'end']) await second.tempolite.run(run.id).signal(note, word);
  t.is(await second.clock.until(second.tempolite.run(run.id).result()), 'v one1 two2 end2');
  await second.tempolite.close();

  const third = await opened(chain(1), chain(2), chain(3));
  await t.notThrowsAsync(third.tempolite.run(run.id).replay());
  await third.tempolite.close();
  const fourth = await opened(chain(1, 'other'), chain(2));
  await refused(t, fourth, () => fourth.tempolite.run(run.id).replay(), 'DIVERGENCE');
  await fourth.tempolite.close();
  const fifth = await opened(chain(2));
  await refused(t, fifth, () => fifth.tempolite.run(run.id).replay(), 'DIVERGENCE');
});
