import test from 'ava';
import { listOf } from '../../../source/journal/libsql/run-list.js';

test('all that is given must hold, each by a parameter of its own', (t) => {
  const { statement, bindings } = listOf(
    { workflow: 'w', status: ['failed', 'blocked'], parent: 'p', tags: { a: '1', b: '2' } },
    { after: 'x', limit: Infinity },
  );

  t.deepEqual(bindings, ['x', 'w', '["failed","blocked"]', 'p', 'a', '1', 'b', '2', BigInt(Number.MAX_SAFE_INTEGER)]);
  t.is(statement.split('?').length - 1, bindings.length);
});

test('without a filter it lists all, from the first', (t) => {
  t.deepEqual(listOf({}, { limit: 5 }).bindings, [null, 5n]);
});
