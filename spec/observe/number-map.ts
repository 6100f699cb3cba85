import test from 'ava';
import fc from 'fast-check';
import { numberOf, NumberMap } from '../../source/observe/number-map.js';

/** Few keys, so that they meet, and large ones whose places are the same. */
const key = fc.oneof(
  fc.integer({ min: 1, max: 40 }),
  fc.integer({ min: 1, max: 5 }).map((n) => n * 2 ** 20),
  fc.integer({ min: 1, max: Number.MAX_SAFE_INTEGER }),
);
const step = fc.oneof(
  fc.record({ kind: fc.constant('set' as const), key, value: fc.double({ noNaN: true }) }),
  fc.record({ kind: fc.constant('delete' as const), key }),
);

test('it has what a Map has after the same steps', (t) => {
  fc.assert(
    fc.property(fc.array(step, { maxLength: 200 }), (steps) => {
      const [numbers, map] = [new NumberMap(), new Map<number, number>()];
      for (const each of steps) {
        if (each.kind === 'set') {
          numbers.set(each.key, each.value);
          map.set(each.key, each.value);
        } else {
          numbers.delete(each.key);
          map.delete(each.key);
        }
        for (const { key } of steps) if (!Object.is(numbers.get(key), map.get(key))) return false;
        if (numbers.size !== map.size) return false;
      }
      return true;
    }),
    { numRuns: 500 },
  );
  t.pass();
});

test('a text has always the same number, and texts that hardly differ have different ones', (t) => {
  const numbers = new Set(Array.from({ length: 100_000 }, (_, n) => numberOf(`run ${n}`)));

  t.is(numbers.size, 100_000);
  t.is(numberOf('run 1'), numberOf('run 1'));
  t.true([...numbers].every((n) => Number.isSafeInteger(n) && n > 0));
});
