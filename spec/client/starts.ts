import test from 'ava';
import type { Observable } from 'rxjs';
import { awaitSignal, defineSignal, workflow, type StartOptions } from '../../source/index.js';
import { engineOf } from '../_support/engine.js';

const note = defineSignal<string>('note');
const waiting = workflow('waiting', (n$: Observable<number>) => n$.pipe(awaitSignal(note)));
const other = workflow('other', (n$: Observable<number>) => n$.pipe(awaitSignal(note)));

test('the same id and input again are the same run, another input or workflow is RUN_EXISTS', async (t) => {
  const { tempolite } = await engineOf(t, { workflows: [waiting, other] });
  const [a, b] = await Promise.all([
    tempolite.start(waiting, 1, { id: 'run' }),
    tempolite.start(waiting, 1, { id: 'run' }),
  ]);

  t.is(a.id, b.id);
  await t.throwsAsync(tempolite.start(waiting, 2, { id: 'run' }), { code: 'RUN_EXISTS', message: /another input/ });
  await t.throwsAsync(tempolite.start(other, 1, { id: 'run' }), { code: 'RUN_EXISTS', message: /not of "other"/ });
  t.is((await tempolite.list()).length, 1);
});

const wrong: Readonly<Record<string, StartOptions>> = {
  'an empty id': { id: '' },
  'an id that is too long': { id: 'x'.repeat(201) },
  'half a priority': { priority: 0.5 },
  'an invalid date': { startAt: new Date('never') },
  'an empty tag': { tags: { a: '' } },
};

for (const [name, options] of Object.entries(wrong)) {
  test(`${name} is INVALID_ARGUMENT, and nothing is written`, async (t) => {
    const { tempolite } = await engineOf(t, { workflows: [waiting] });

    await t.throwsAsync(tempolite.start(waiting, 1, options), { code: 'INVALID_ARGUMENT' });
    t.deepEqual(await tempolite.list(), []);
  });
}

test('a workflow that is not registered is not started', async (t) => {
  const { tempolite } = await engineOf(t, { workflows: [waiting] });

  await t.throwsAsync(tempolite.start(other, 1), { code: 'WORKFLOW_NOT_REGISTERED' });
});
