import test from 'ava';
import { singlePoints, spread } from '../../source/testing/crash-points.js';

const kindOf = (name: string): string => name.replace(/\d+/g, 'n');

test('a few of many crashes are of every kind, and from the first append to the last', (t) => {
  const all = singlePoints(Array.from({ length: 50 }, () => 1));

  const some = spread(all, 20);

  t.is(some.length, 20);
  t.deepEqual(new Set(some.map(({ name }) => kindOf(name))).size, 4);
  const places = some.map((point) => all.indexOf(point));
  t.deepEqual(
    places,
    [...places].sort((a, b) => a - b),
    'in their order',
  );
  const gaps = places.slice(1).map((place, index) => place - (places[index] ?? 0));
  t.true(Math.max(...gaps) <= 20, `no gap is large: ${gaps.join()}`);
});

test('as many as there are, or more, are all of them', (t) => {
  const all = singlePoints([1, 2]);

  t.is(spread(all, all.length), all);
  t.is(spread(all, Infinity), all);
  t.deepEqual(spread(all, 0), []);
});
