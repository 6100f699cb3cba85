import test from 'ava';
import { crashScene } from '../../source/testing/crash-everywhere.js';
import { perform } from '../../source/testing/perform.js';
import { sagaPlays } from '../_support/saga-plays.js';

for (const [name, scene] of Object.entries(sagaPlays)) {
  test(`${name}: a crash anywhere, a lost answer or leaving memory changes nothing (scenario 31)`, async (t) => {
    const { histories, appends } = await perform(scene);
    t.not(histories[0]?.run.status, 'blocked');
    t.true((histories[0]?.events.length ?? 0) > 2, 'the pipeline does something');

    const { points } = await crashScene(scene, { pairs: 8 });

    t.true(points > 4 * appends.length);
  });
}
