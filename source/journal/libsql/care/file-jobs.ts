import type { ErrorCode } from '../../../errors.js';
import { Connection } from '../connection.js';

/** What is done on a thread of its own. */
export type FileJob =
  { readonly type: 'copy'; readonly to: string } | { readonly type: 'check'; readonly deep: boolean };

export interface FileTask {
  readonly path: string;
  readonly job: FileJob;
  readonly busyTimeoutMs: number | undefined;
}

export type FileAnswer =
  | { readonly findings: readonly string[] }
  | { readonly failed: { readonly code: ErrorCode; readonly message: string } };

/** Findings of one check; SQLite would stop at 100 by itself. */
const mostFindings = 1000;

/** Copies the database as it is at this instant, while others write. The file may be there if it is empty. */
export const copyInto = (connection: Connection, path: string): readonly string[] => {
  connection.exec(`VACUUM INTO '${path.replaceAll("'", "''")}'`);
  return [];
};

export const damagesOf = (connection: Connection, deep: boolean): readonly string[] =>
  connection
    .all(`PRAGMA ${deep ? 'integrity_check' : 'quick_check'}(${mostFindings})`)
    .map(([finding]) => String(finding))
    .filter((finding) => finding !== 'ok');

export const freePages = (connection: Connection): number =>
  Number(connection.all('PRAGMA freelist_count')[0]?.[0] ?? 0);

/** Nobody works on a copy, whoever did on the original: its runs are free for the first who opens it. */
export const leaveNobody = (path: string): void => {
  const connection = new Connection(path);
  try {
    connection.exec('PRAGMA synchronous = FULL');
    connection.transaction(() => {
      connection.exec(
        'DELETE FROM tempolite_workers; UPDATE tempolite_runs SET worker = NULL WHERE worker IS NOT NULL',
      );
    });
  } finally {
    connection.close();
  }
};
