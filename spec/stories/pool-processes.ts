import { readdirSync, statSync } from 'node:fs';
import { join } from 'node:path';
import test, { type ExecutionContext } from 'ava';
import { map, type Observable } from 'rxjs';
import { activity, Tempolite, workflow, type TempolitePoolOptions } from '../../source/index.js';
import { faultsOf } from '../_support/check-journal.js';
import { folderOf } from '../_support/folder.js';
import { program } from '../_support/program.js';

const plain = workflow('plain', (n$: Observable<number>) => n$.pipe(map((n) => n * 2)));

const poolOn = async (
  t: ExecutionContext,
  folder: string,
  options: Partial<TempolitePoolOptions> = {},
): Promise<Tempolite> => {
  const tempolite = await Tempolite.openPool({
    folder,
    name: 'runs',
    maxFileSize: 1,
    workflows: [plain],
    closeTimeoutMs: 0,
    ...options,
  });
  t.teardown(() => tempolite.close());
  return tempolite;
};

const filesIn = (folder: string): readonly string[] =>
  readdirSync(folder).filter((name) => /^runs\.\d+\.db$/.test(name));

/** What is wrong with the journals, and which ids are there. */
const lookInto = async (
  folder: string,
): Promise<{ readonly faults: readonly string[]; readonly ids: readonly string[] }> => {
  const [faults, ids]: [string[], string[]] = [[], []];
  for (const name of filesIn(folder)) {
    const url = `file:${join(folder, name)}`;
    faults.push(...(await faultsOf(url)));
    const alone = await Tempolite.open({ url, worker: false });
    ids.push(...(await alone.list()).map(({ id }) => id));
    await alone.close();
  }
  return { faults, ids: ids.sort() };
};

const isEnd = (message: object): boolean => 'steps' in message;

const ids = ['run 0', 'run 1', 'run 2'];

// Before a step is behind the one before; that both differ where several are on their way is looked for by the property of routes.
test('killed behind each step of a rotation, nothing is lost and nothing is there twice (scenario 37)', async (t) => {
  const whole = await program(t, 'rotating', [folderOf(t), '0']).message<{ steps: number }>(isEnd);
  t.true(whole.steps >= 12, `${whole.steps} steps`);

  for (let n = 1; n <= whole.steps; n += 1) {
    const folder = folderOf(t);
    const { signal } = await program(t, 'rotating', [folder, String(n), 'after']).ended;
    t.is(signal, 'SIGKILL', `at step ${n}`);

    const tempolite = await poolOn(t, folder);
    for (const [value, id] of ids.entries())
      t.is(await (await tempolite.start(plain, value, { id })).result(), value * 2);
    await tempolite.close();

    const { faults, ids: found } = await lookInto(folder);
    t.deepEqual(faults, []);
    t.deepEqual(found, ids);
  }
});

test('several processes share a pool, rotate it at once, and start the same runs at once', async (t) => {
  const folder = folderOf(t);
  const ends = [1, 2, 3].map(() => program(t, 'rotating', [folder, '0', 'before', 'run']).message<object>(isEnd));
  const others = [1, 2].map((n) => program(t, 'rotating', [folder, '0', 'before', `of ${n}`]).message<object>(isEnd));
  await Promise.all([...ends, ...others]);

  const tempolite = await poolOn(t, folder);
  const listed = (await tempolite.list()).map(({ id, status }) => `${id} ${status}`);
  await tempolite.close();

  const names = ['of 1', 'of 2', 'run'].flatMap((name) => [0, 1, 2].map((n) => `${name} ${n}`));
  t.deepEqual(
    [...listed].sort(),
    names.map((id) => `${id} completed`),
  );
  const { faults, ids: found } = await lookInto(folder);
  t.deepEqual(faults, []);
  t.deepEqual(found, names);
});

test('what one process starts in a new file, the worker of another executes, and the first hears of its end', async (t) => {
  const folder = folderOf(t);
  const executed: number[] = [];
  const counting = workflow('plain', (n$: Observable<number>) =>
    n$.pipe(
      activity('count', (n: number) => {
        executed.push(n);
        return n * 3;
      }),
    ),
  );
  const client = await poolOn(t, folder, { worker: false });
  await poolOn(t, folder, { workflows: [counting] });

  for (let n = 0; n < 5; n += 1) t.is(await (await client.start(plain, n)).result(), n * 3);

  t.deepEqual(executed, [0, 1, 2, 3, 4]);
  t.is(filesIn(folder).length, 5);
});

test('a run of fifty rotations leaves fifty files for their owner alone, and a pool that opens at once', async (t) => {
  const folder = folderOf(t);
  const tempolite = await poolOn(t, folder, { restMs: 100, idleMs: 50 });
  for (let n = 0; n < 51; n += 1) t.is(await (await tempolite.start(plain, n, { id: `run ${n}` })).result(), n * 2);
  await tempolite.close();

  const again = await poolOn(t, folder);

  t.is(filesIn(folder).length, 51);
  for (const name of readdirSync(folder)) t.is(statSync(join(folder, name)).mode & 0o777, 0o600, name);
  for (const n of [0, 25, 50]) t.is(await again.run(`run ${n}`, plain).result(), n * 2);
  t.is((await again.list()).length, 51);
});
