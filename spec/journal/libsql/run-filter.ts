import test from 'ava';
import { conditionsOf } from '../../../source/journal/libsql/run-filter.js';

test('all that is given must hold, each by a parameter of its own', (t) => {
  const { conditions, bindings } = conditionsOf({
    workflow: 'w',
    status: ['failed', 'blocked'],
    parent: 'p',
    tags: { a: '1', b: '2' },
  });

  t.deepEqual(bindings, ['w', '["failed","blocked"]', 'p', 'a', '1', 'b', '2']);
  t.is(conditions.join(' ').split('?').length - 1, bindings.length);
});

test('without a filter it asks for nothing', (t) => {
  t.deepEqual(conditionsOf({}), { conditions: [], bindings: [] });
});
