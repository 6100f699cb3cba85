import test from 'ava';
import { folderOf } from '../../_support/folder.js';
import { newRun, own } from '../../_support/journals.js';
import { aFileForEach, poolOf } from '../../_support/pools.js';

const workflows = [{ name: 'order', version: 1 }];

for (const priorities of [
  [1, 2, 3, 4],
  [4, 3, 2, 1],
  [2, 4, 1, 3],
]) {
  test(`the most urgent runs of all files are claimed first, of priorities ${priorities.join()}`, async (t) => {
    const journal = await poolOf(t, aFileForEach);
    for (const priority of priorities) await journal.start(newRun(`of ${priority}`, { priority }));
    await own(journal);

    const [first, second] = [
      await journal.claim({ now: 1, workflows, limit: 2 }),
      await journal.claim({ now: 1, workflows, limit: 3 }),
    ];

    t.deepEqual(
      [first, second].map((claimed) => claimed.map(({ id }) => id)),
      [
        ['of 4', 'of 3'],
        ['of 2', 'of 1'],
      ],
    );
  });
}

test('what another process has just started in a new file is listed, claimed and found at once', async (t) => {
  const folder = folderOf(t);
  const [one, two] = [await poolOf(t, { folder, ...aFileForEach }), await poolOf(t, { folder, ...aFileForEach })];
  await own(two);

  for (let n = 0; n < 10; n += 1) {
    await one.start(newRun(`run ${n}`));
    t.is((await two.runs({}, { limit: 100 })).length, n + 1);
    t.is((await two.claim({ now: 1, workflows, limit: 10 })).length, 1);
    t.is((await two.run(`run ${n}`))?.id, `run ${n}`);
  }
});
