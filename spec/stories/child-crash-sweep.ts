import test from 'ava';
import { crashScene } from '../../source/testing/crash-everywhere.js';
import { perform } from '../../source/testing/perform.js';
import { childPlays } from '../_support/child-plays.js';

for (const [name, scene] of Object.entries(childPlays)) {
  test(`${name}: a crash anywhere, a lost answer or leaving memory changes nothing`, async (t) => {
    const { histories, appends } = await perform(scene);
    t.true(
      histories.some(({ run, events }) => run.link > 0 || events.length > 3),
      'the pipeline does something',
    );

    const { points } = await crashScene(scene, { pairs: 8 });

    t.true(points > 4 * appends.length);
  });
}
