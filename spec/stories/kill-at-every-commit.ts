import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import test, { type ExecutionContext } from 'ava';
import { faultsOf } from '../_support/check-journal.js';
import { folderOf } from '../_support/folder.js';
import { program } from '../_support/program.js';
import { watchFences } from '../_support/watch-fences.js';

interface Told {
  readonly result: number;
  readonly commits: number;
}

const isResult = (message: Told): boolean => 'result' in message;

const play = async (
  t: ExecutionContext,
  when: string,
  n: number,
): Promise<{ told: Told; world: string[]; killed: boolean }> => {
  const folder = folderOf(t);
  const url = `file:${join(folder, 'runs.db')}`;
  await watchFences(url);
  const outside = join(folder, 'world');
  let killed = false;
  if (when !== 'never') {
    const { signal } = await program(t, 'ten-steps', [url, outside, when, String(n)]).ended;
    killed = signal === 'SIGKILL';
  }
  const told = await program(t, 'ten-steps', [url, outside]).message<Told>(isResult);
  t.deepEqual(await faultsOf(url), []);
  return { told, world: readFileSync(outside, 'utf8').trim().split('\n'), killed };
};

test('ten activities take eleven commits at most, and each is called once', async (t) => {
  const { told, world } = await play(t, 'never', 0);

  t.is(told.result, 10);
  t.true(told.commits <= 11, `${told.commits} commits`);
  t.is(world.length, 10);
  t.is(new Set(world).size, 10);
});

for (const when of ['before', 'after']) {
  test(`killed ${when} each commit of ten activities, each recorded one ran once`, async (t) => {
    for (let n = 1; n <= 11; n += 1) {
      const { told, world, killed } = await play(t, when, n);

      t.true(killed, `killed ${when} commit ${n}`);
      t.is(told.result, 10);
      t.is(new Set(world).size, 10, 'a repetition has the same idempotency key');
      const twice = world.filter((key, index) => world.indexOf(key) !== index);
      t.true(twice.length <= 1, `only the one in flight ran twice ${when} commit ${n}: ${twice.join()}`);
      if (when === 'after') t.deepEqual(twice, [], 'what is recorded never runs again');
    }
  });
}
