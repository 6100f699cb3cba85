import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import test from 'ava';
import fc from 'fast-check';
import type { Journal } from '../../../source/journal/journal.js';
import { openJournal } from '../../../source/journal/libsql/open-journal.js';
import { folderOf } from '../../_support/folder.js';
import { newRun } from '../../_support/journals.js';
import { steppedPool, type Step } from '../../_support/mortal-pool.js';

/** The ids of each file. */
const idsIn = async (folder: string): Promise<readonly string[]> => {
  const ids: string[] = [];
  for (const name of readdirSync(folder).filter((file) => /^runs\.\d+\.db$/.test(file))) {
    const journal = await openJournal({ url: `file:${join(folder, name)}` });
    ids.push(...(await journal.runs({}, { limit: 1000 })).map(({ id }) => id));
    await journal.close();
  }
  return ids;
};

/** A process that dies at its n-th step: that one happens or does not, and none does afterwards. */
const dyingAt = (n: number, moment: 'before' | 'after'): { readonly step: Step; isDead: boolean } => {
  let count = 0;
  const life = {
    isDead: false,
    step: (_: string, now: 'before' | 'after') => {
      if (now === 'before') count += 1;
      life.isDead ||= count === n && now === moment;
      if (life.isDead) throw new Error('the process is dead');
    },
  };
  return life;
};

const immortal: Step = () => undefined;

/** The same process, which takes so many turns of the event loop before each of its steps: others come between. */
const slowly =
  (turns: readonly number[], step: Step): Step =>
  async (what, moment) => {
    const [next = 0] = turns;
    turns = [...turns.slice(1), next];
    for (let turn = 0; turn < next; turn += 1) await new Promise((resolve) => setImmediate(resolve));
    await step(what, moment);
  };

const tick = fc.array(fc.record({ process: fc.integer({ min: 0, max: 1 }), id: fc.constantFrom('a', 'b', 'c', 'd') }), {
  minLength: 1,
  maxLength: 4,
});
const pace = fc.array(fc.integer({ min: 0, max: 6 }), { maxLength: 12 });
const script = fc.record({
  ticks: fc.array(tick, { minLength: 1, maxLength: 6 }),
  turns: fc.tuple(pace, pace),
  n: fc.integer({ min: 1, max: 25 }),
  moment: fc.constantFrom('before' as const, 'after' as const),
});

test('a run is in one file, whoever starts it, how often, and at whatever step a process dies (property)', async (t) => {
  let deaths = 0;
  await fc.assert(
    fc.asyncProperty(script, async ({ ticks, turns, n, moment }) => {
      const folder = folderOf(t);
      const life = dyingAt(n, moment);
      const other = await steppedPool(folder, slowly(turns[0], immortal));
      let mortal: Journal | undefined = await steppedPool(folder, slowly(turns[1], life.step)).catch(() => undefined);
      const all: (Journal | undefined)[] = [other, mortal];
      const [acknowledged, created]: [string[], string[]] = [[], []];
      for (const starts of ticks) {
        await Promise.allSettled(
          starts.map(async ({ process, id }) => {
            const answer = await (process === 0 && mortal ? mortal : other).start(newRun(id));
            acknowledged.push(id);
            if (answer.created) created.push(id);
          }),
        );
        if (life.isDead && mortal) {
          deaths += 1;
          mortal = await steppedPool(folder, immortal);
          all.push(mortal);
          life.isDead = false;
        }
      }
      // Whatever was interrupted is asked for once more, and each run is found from everywhere.
      const last = await steppedPool(folder, immortal);
      all.push(last);
      for (const id of ['a', 'b', 'c', 'd']) {
        if ((await other.start(newRun(id))).created) created.push(id);
        t.is((await last.run(id))?.id, id);
      }
      for (const journal of all) await journal?.close().catch(() => undefined);

      const ids = await idsIn(folder);
      t.deepEqual([...ids].sort(), ['a', 'b', 'c', 'd'], 'each of them once');
      t.true(acknowledged.every((id) => ids.includes(id)));
      t.is(new Set(created).size, created.length, 'one start has created it');
    }),
    { numRuns: 60 },
  );
  t.true(deaths > 10, `${deaths} deaths`);
});
