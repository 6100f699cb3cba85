import test from 'ava';
import { newId, newWorkerId } from '../../source/values/ids.js';

test('ids are unique and sort by the time at which they were made', (t) => {
  const ids = Array.from({ length: 5000 }, newId);

  t.is(new Set(ids).size, ids.length);
  t.deepEqual([...ids].sort(), ids);
});

test('an id is a UUID of version 7', (t) => {
  t.regex(newId(), /^[\da-f]{8}-[\da-f]{4}-7[\da-f]{3}-[89ab][\da-f]{3}-[\da-f]{12}$/);
});

test('ids of workers are unique and short', (t) => {
  const ids = Array.from({ length: 5000 }, newWorkerId);

  t.is(new Set(ids).size, ids.length);
  t.true(ids.every((id) => /^[\w-]{16}$/.test(id)));
});
