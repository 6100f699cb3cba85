import test from 'ava';
import type { RunEvent } from '../../source/journal/event.js';
import { play } from '../_support/play.js';
import { plays } from '../_support/plays.js';

for (const [name, it] of Object.entries(plays)) {
  test(`${name}: a crash after each event changes nothing`, async (t) => {
    const oracle = await play(it);
    t.true(oracle.events.length > 3, 'the pipeline does something');

    for (let point = 1; point < oracle.events.length; point += 1) {
      const crashed = await play(it, { crashAfter: [point] });
      t.deepEqual(crashed.shown, oracle.shown, `crashed after ${point} of ${oracle.events.length} events`);
      t.is(crashed.crashes, 1);
      t.deepEqual(
        crashed.events.map(({ seq }) => seq),
        crashed.events.map((_, index) => index),
        'the journal is dense',
      );
    }
  });
}

for (const [name, it] of Object.entries(plays)) {
  test(`${name}: leaving memory after each turn changes nothing`, async (t) => {
    const oracle = await play(it);
    const evicted = await play(it, { worker: { parkAfterMs: 0, evictAfterMs: 0 } });

    t.deepEqual(evicted.shown, oracle.shown);
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

  for (const [name, it] of Object.entries(plays)) {
    const oracle = await play(it);
    for (let point = 1; point < oracle.events.length; point += 1) {
      const crashed = await play(it, { crashAfter: [point], reorder: resultsFirst });
      if (JSON.stringify(crashed.shown) === JSON.stringify(oracle.shown)) continue;
      red.push(name);
      break;
    }
  }

  t.true(red.length >= 10, `it found ${red.join(', ')}`);
});
