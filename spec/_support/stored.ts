import type { ExecutionContext } from 'ava';
import Database from 'libsql';
import type { Engine } from './engine.js';
import { fileOf } from './file-of.js';

/** Everything that a database says of runs, to see that nothing was written. */
export const storedIn = (url: string): readonly unknown[] => {
  const database = new Database(fileOf(url), { readonly: true });
  try {
    return ['runs', 'events', 'inbox', 'exposed'].map((table) =>
      database.prepare(`SELECT * FROM tempolite_${table} ORDER BY 1, 2, 3`).all(),
    );
  } finally {
    database.close();
  }
};

/** Nothing of what is refused is stored. */
export const refused = async (
  t: ExecutionContext,
  { url, clock }: Engine,
  attempt: () => Promise<unknown>,
  code: string,
  what = code,
): Promise<Error | undefined> => {
  const before = storedIn(url);
  const error = await t.throwsAsync(attempt, { code }, what);
  await clock.settle();
  t.deepEqual(storedIn(url), before, what);
  return error;
};
