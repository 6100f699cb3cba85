import test from 'ava';
import { query, type Rows } from '../../../../source/journal/libsql/remote/query.js';
import { ReadBatches } from '../../../../source/journal/libsql/remote/read-batches.js';

/** Answers each question with its text, when it is told to. */
const reads = (
  atOnce: number,
): { readonly batches: ReadBatches; readonly sizes: number[]; readonly answer: () => void } => {
  const sizes: number[] = [];
  const held: (() => void)[] = [];
  const batches = new ReadBatches((queries) => {
    sizes.push(queries.length);
    return new Promise<readonly Rows[]>((resolve, reject) => {
      held.push(() => {
        const bad = queries.find(({ sql }) => sql === 'bad');
        if (bad) reject(new Error(`refused: ${queries.length}`));
        else resolve(queries.map(({ sql }) => [[sql]]));
      });
    });
  }, atOnce);
  return {
    batches,
    sizes,
    answer: () => {
      held.shift()?.();
    },
  };
};

const macrotask = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

test('what is asked within one macrotask is one request, and each gets its own answer', async (t) => {
  const { batches, sizes, answer } = reads(1);

  const answers = ['a', 'b', 'c'].map((sql) => batches.read(query(sql)));
  await macrotask();
  answer();

  t.deepEqual(await Promise.all(answers), [[['a']], [['b']], [['c']]]);
  t.deepEqual(sizes, [3]);
});

test('what is asked while enough requests are on their way goes into the next one', async (t) => {
  const { batches, sizes, answer } = reads(1);

  const first = batches.read(query('a'));
  await macrotask();
  const others = ['b', 'c'].map((sql) => batches.read(query(sql)));
  await macrotask();
  t.deepEqual(sizes, [1]);
  answer();
  await first;
  // One for the lane to be free, one for the next request.
  await macrotask();
  await macrotask();
  answer();

  t.deepEqual(await Promise.all(others), [[['b']], [['c']]]);
  t.deepEqual(sizes, [1, 2]);
});

test('answers that may be large share a request with few others', async (t) => {
  const { batches, sizes } = reads(10);

  for (let n = 0; n < 10; n += 1) void batches.read({ ...query('page'), isHeavy: true });
  await macrotask();

  t.deepEqual(sizes, [4, 4, 2]);
});

test('a request that is refused is asked again one by one: each has an error of its own', async (t) => {
  const { batches, answer } = reads(1);

  const answers = Promise.allSettled(['a', 'bad', 'c'].map((sql) => batches.read(query(sql))));
  for (let n = 0; n < 4; n += 1) {
    await macrotask();
    answer();
  }

  t.like(await answers, [
    { status: 'fulfilled', value: [['a']] },
    { status: 'rejected', reason: { message: 'refused: 1' } },
    { status: 'fulfilled', value: [['c']] },
  ]);
});
