import { join } from 'node:path';
import type { ExecutionContext } from 'ava';
import type { Journal } from '../../source/journal/journal.js';
import { openPool } from '../../source/journal/libsql/pool/open-pool.js';
import type { RotatingOptions } from '../../source/journal/libsql/pool/open-pool.js';
import { folderOf } from './folder.js';

/** Every run gets a file of its own. */
export const aFileForEach = { maxFileSize: 1 } as const;

export const poolOf = async (t: ExecutionContext, options: Partial<RotatingOptions> = {}): Promise<Journal> => {
  const journal = await openPool({ folder: folderOf(t), name: 'runs', ...aFileForEach, ...options });
  t.teardown(() => journal.close());
  return journal;
};

export const shardsOf = async (t: ExecutionContext, count: number, folder = folderOf(t)): Promise<Journal> => {
  const shards = Array.from({ length: count }, (_, n) => `file:${join(folder, `shard-${n}.db`)}`);
  const journal = await openPool({ shards, catalogue: `file:${join(folder, 'catalogue.db')}` });
  t.teardown(() => journal.close());
  return journal;
};
