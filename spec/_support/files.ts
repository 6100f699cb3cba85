import { join } from 'node:path';
import type { ExecutionContext } from 'ava';
import { folderOf } from './folder.js';

export { folderOf };

/** Where a database of this test's own may be made. */
export const databaseOf = (t: ExecutionContext): string => join(folderOf(t), 'journal.db');
