import test from 'ava';
import { concat, mergeMap, of, race, type Observable } from 'rxjs';
import { awaitSignal, defineSignal, execute, sleep, workflow, type WorkflowDefinition } from '../../source/index.js';
import { TestEngine } from '../../source/testing/index.js';

const go = defineSignal('go');
const child = workflow('child', (n$: Observable<number>) => n$.pipe(sleep('1 day')));

const raced = workflow('raced', (n$: Observable<number>) =>
  n$.pipe(
    mergeMap((n) => race(execute(child, n), of(n).pipe(sleep('1 hour')))),
    awaitSignal(go, (_, n) => n),
  ),
);

test('a child that lost is closed once, however often its parent is replayed', async (t) => {
  const engine = await TestEngine.open({ workflows: [raced, child] });
  const run = await engine.start(raced, 1, { id: 'p' });
  await engine.advance('2 hours');

  for (let crash = 0; crash < 3; crash += 1) await engine.crash();
  await run.signal(go);

  t.is(await run.result(), 1);
  t.is((await engine.journal.ofType('p', 0, 'child-closed')).length, 1);
  await engine.close();
});

test('a waiting run that was cancelled just before a crash is cancelled after it', async (t) => {
  const waiting = workflow('waiting', (n$: Observable<number>) => n$.pipe(awaitSignal(go)));
  const engine = await TestEngine.open({
    workflows: [waiting],
    // The start, the parking, the request, and the record of it.
    faults: [{ append: 3, fault: 'dies-after' }],
  });
  const run = await engine.start(waiting, 1, { id: 'w' });
  await engine.journal.request({ runId: 'w', name: 'cancel', payload: '{}', at: engine.clock.now() }, ['waiting']);
  await engine.settle();
  t.deepEqual(
    (await engine.journal.events('w', 0, 0, 10)).map(({ type }) => type),
    ['started', 'cancel-requested'],
  );

  await engine.crash();

  t.is((await run.state()).status, 'cancelled');
  await engine.close();
});

test('ids of children are made of those of their parents, and cut where they grow too long', async (t) => {
  const nested: WorkflowDefinition<number, number> = workflow('nested', (depth$: Observable<number>) =>
    depth$.pipe(mergeMap((depth) => (depth === 0 ? of(0) : concat(execute(nested, depth - 1), execute(nested, 0))))),
  );
  const engine = await TestEngine.open({ workflows: [nested] });

  await (await engine.start(nested, 12, { id: 'top' })).result();

  const ids = (await engine.tempolite.list({ limit: 100 })).map(({ id }) => id);
  t.is(ids.length, 25);
  t.is(new Set(ids).size, 25);
  t.true(ids.includes('top/0/child:nested#0/0/child:nested#1'));
  t.true(ids.every((id) => id.length <= 200));
  await engine.close();
});
