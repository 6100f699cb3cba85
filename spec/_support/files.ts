import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { ExecutionContext } from 'ava';

/** A folder of this test's own; it is gone when the test is over. */
export const folderOf = (t: ExecutionContext): string => {
  const folder = mkdtempSync(join(tmpdir(), 'tempolite-'));
  t.teardown(() => {
    rmSync(folder, { recursive: true, force: true });
  });
  return folder;
};

/** Where a database of this test's own may be made. */
export const databaseOf = (t: ExecutionContext): string => join(folderOf(t), 'journal.db');
