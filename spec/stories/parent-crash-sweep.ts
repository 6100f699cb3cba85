import test from 'ava';
import { crashScene } from '../../source/testing/crash-everywhere.js';
import { perform } from '../../source/testing/perform.js';
import { parentPlays } from '../_support/parent-plays.js';

for (const [name, scene] of Object.entries(parentPlays)) {
  test(`${name}: a crash anywhere, a lost answer or leaving memory changes nothing`, async (t) => {
    const { histories, appends } = await perform(scene);
    t.true(histories.length > 1 || (histories[0]?.run.link ?? 0) > 0, 'there are children, or links');

    const { points } = await crashScene(scene, { pairs: 10 });

    t.true(points > 4 * appends.length);
  });
}
