import { mkdtempSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

/** Works with a file of its own that is gone afterwards. */
export const withFile = async <T>(work: (path: string) => Promise<T> | T): Promise<T> => {
  const folder = mkdtempSync(join(tmpdir(), 'tempolite-bench-'));
  try {
    return await work(join(folder, 'runs.db'));
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
};

export const megabytesOf = (path: string): number =>
  [path, `${path}-wal`].reduce((sum, file) => sum + (statSync(file, { throwIfNoEntry: false })?.size ?? 0), 0) /
  2 ** 20;
