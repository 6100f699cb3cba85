import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import test, { type ExecutionContext } from 'ava';
import { from, map, mergeMap, of, reduce, type Observable } from 'rxjs';
import { activity, childWorkflow, execute, workflow, type WorkflowDefinition } from '../../source/index.js';
import { openJournal } from '../../source/journal/libsql/open-journal.js';
import { faultsOf } from '../_support/check-journal.js';
import { engineOf } from '../_support/engine.js';
import { folderOf } from '../_support/folder.js';
import { program } from '../_support/program.js';

// ── many ──────────────────────────────────────────────────────────────────────────────────────────────────────────────────

const nested: WorkflowDefinition<number, number> = workflow('nested', (n$: Observable<number>) =>
  n$.pipe(mergeMap((n) => (n === 0 ? of(0) : execute(nested, n - 1).pipe(map((depth) => depth + 1))))),
);

const leafOf = workflow('leaf', (n$: Observable<number>) => n$.pipe(activity('double', (n: number) => n * 2)));
const wide = workflow('wide', (n$: Observable<number>) =>
  n$.pipe(
    mergeMap((n) => from(Array.from({ length: n }, (_, i) => i))),
    childWorkflow(leafOf, { concurrency: 200 }),
    reduce((sum, n) => sum + n, 0),
  ),
);

for (const maxResidentRuns of [undefined, 3]) {
  const where = maxResidentRuns === undefined ? '' : `, with room for ${maxResidentRuns} runs in memory`;
  const limits = maxResidentRuns === undefined ? {} : { maxResidentRuns };

  test(`fifty generations of children end, each with an id of its own${where} (scenario 32)`, async (t) => {
    const engine = await engineOf(t, { workflows: [nested], ...limits });
    const began = performance.now();
    const run = await engine.tempolite.start(nested, 50, { id: 'root' });

    t.is(await engine.clock.until(run.result()), 50);

    t.log(`${Math.round(performance.now() - began)} ms`);
    const all = await engine.tempolite.list({ limit: 1000 });
    t.is(all.length, 51);
    t.true(all.every(({ id, status }) => status === 'completed' && id.length <= 200));
  });

  test(`two hundred children side by side end${where} (scenario 32)`, async (t) => {
    const engine = await engineOf(t, { workflows: [wide, leafOf], ...limits });
    const began = performance.now();
    const run = await engine.tempolite.start(wide, 200, { id: 'root' });

    t.is(await engine.clock.until(run.result()), 199 * 200);

    t.log(`${Math.round(performance.now() - began)} ms`);
    t.is((await engine.tempolite.list({ parent: 'root', status: 'completed', limit: 1000 })).length, 200);
  });
}

test('outputs and the end of a child are not kept once its parent has heard them', async (t) => {
  const { tempolite, clock, url } = await engineOf(t, { workflows: [wide, leafOf] });
  const run = await tempolite.start(wide, 20, { id: 'root' });
  await clock.until(run.result());
  await tempolite.close();

  const journal = await openJournal({ url });
  t.teardown(() => journal.close());
  t.deepEqual(await journal.letters('root'), []);
});

// ── kills ─────────────────────────────────────────────────────────────────────────────────────────────────────────────────

interface Told {
  readonly result: string;
  readonly commits: number;
  readonly runs: readonly string[];
}

const family = [
  'family completed',
  'family/0/child:child#0 completed',
  'family/0/child:child#1 completed',
  'family/0/child:child#2 completed',
];

const killed = async (t: ExecutionContext, when: string, n: number): Promise<Told> => {
  const folder = folderOf(t);
  const url = `file:${join(folder, 'runs.db')}`;
  const world = join(folder, 'world');
  const { signal, errors } = await program(t, 'family', [url, world, when, String(n)]).ended;
  t.is(signal, 'SIGKILL', errors);
  const told = await program(t, 'family', [url, world]).message<Told>((message) => 'result' in message);
  const done = readFileSync(world, 'utf8').trim().split('\n');
  t.is(new Set(done).size, 3, `${when} ${n}: ${done.join()}`);
  t.deepEqual(await faultsOf(url), []);
  return told;
};

for (const when of ['before', 'after']) {
  test(`killed ${when} each commit of parent and children, there is exactly one child for each start (scenario 32)`, async (t) => {
    t.timeout(180_000);
    const whole = await program(t, 'family', [
      `file:${join(folderOf(t), 'runs.db')}`,
      join(folderOf(t), 'world'),
    ]).message<Told>((message) => 'result' in message);

    for (let n = 1; n <= whole.commits; n += 1) {
      const { result, runs } = await killed(t, when, n);

      t.is(result, 'a 1 done, b done, c done');
      t.deepEqual([...runs].sort(), family, `${when} commit ${n}`);
    }
  });
}
