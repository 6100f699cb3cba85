import test from 'ava';
import { isNewerThanHeard } from '../../source/observe/newer-than-heard.js';

const verdict = async (
  stored: string,
  heard: readonly string[],
  again?: string,
): Promise<{ readonly isNewer: boolean; readonly readings: number }> => {
  let readings = 0;
  const isNewer = await isNewerThanHeard(
    stored,
    heard,
    (one, other) => one === other,
    () => {
      readings += 1;
      return Promise.resolve(again);
    },
  );
  return { isNewer, readings };
};

test('what is read while nothing is heard of, or is heard of itself, needs no second reading', async (t) => {
  t.deepEqual(await verdict('a', []), { isNewer: false, readings: 0 });
  t.deepEqual(await verdict('b', ['a', 'b', 'c']), { isNewer: false, readings: 0 });
});

test('what a second reading finds again is newer than what was heard of, and nothing else is', async (t) => {
  t.deepEqual(await verdict('c', ['a', 'b'], 'c'), { isNewer: true, readings: 1 });
  t.deepEqual(await verdict('a', ['b', 'c'], 'c'), { isNewer: false, readings: 1 });
  t.deepEqual(await verdict('a', ['b'], undefined), { isNewer: false, readings: 1 });
});
