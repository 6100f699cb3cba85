import test from 'ava';
import { pathOf } from '../../source/values/path.js';

for (const [keys, path] of [
  [[], 'value'],
  [['items', 2, 'price'], 'value.items[2].price'],
  [['odd key', '', '7', 'a"b'], 'value["odd key"][""]["7"]["a\\"b"]'],
  [[0, '$ref', '_x1'], 'value[0].$ref._x1'],
] as const) {
  test(`${JSON.stringify(keys)} is shown as ${path}`, (t) => {
    t.is(pathOf(keys), path);
  });
}

test('the root has the name of the boundary', (t) => {
  t.is(pathOf(['a'], 'input'), 'input.a');
});
