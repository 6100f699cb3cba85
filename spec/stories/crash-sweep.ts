import test from 'ava';
import type { RunEvent } from '../../source/journal/event.js';
import { crashScene } from '../../source/testing/crash-everywhere.js';
import { perform } from '../../source/testing/perform.js';
import { differencesOf } from '../../source/testing/shown.js';
import { plays } from '../_support/plays.js';

for (const [name, scene] of Object.entries(plays)) {
  test(`${name}: a crash anywhere, a lost answer or leaving memory changes nothing`, async (t) => {
    const { histories, appends } = await perform(scene);
    t.true((histories[0]?.events.length ?? 0) > 3, 'the pipeline does something');

    const { points } = await crashScene(scene, { pairs: 20 });

    t.true(points > 4 * appends.length);
  });
}

/** What others do: stored results are there at once, timers run after them. */
const resultsFirst = (events: readonly RunEvent[]): readonly RunEvent[] => {
  const [started, ...rest] = events;
  if (!started) return events;
  const timers = rest.filter((event) => event.type === 'timer-fired');
  const others = rest.filter((event) => event.type !== 'timer-fired');
  return [started, ...others, ...timers].map((event, seq) => ({ ...event, seq }));
};

test('the sweep goes red when replay delivers results first and timers after', async (t) => {
  const red: string[] = [];

  for (const [name, scene] of Object.entries(plays)) {
    const right = await perform(scene);
    for (let append = 1; append <= right.appends.length; append += 1) {
      const crashed = await perform(scene, { lives: [[{ append, fault: 'dies-after' }]], reorder: resultsFirst });
      if (differencesOf(right, crashed).length === 0) continue;
      red.push(name);
      break;
    }
  }

  t.true(red.length >= 10, `it found ${red.join(', ')}`);
});
