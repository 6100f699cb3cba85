import type { Care, FileCare } from '../../care.js';
import type { PayloadSeal } from '../../payloads/payload-seal.js';
import type { Connection } from '../connection.js';
import type { CareStatement, Rows } from './care-sql.js';
import { DatabaseFileCare } from './file-care.js';
import { SqlCare } from './sql-care.js';

export interface EmbeddedCareParts {
  readonly connection: Connection;
  readonly seal: PayloadSeal;
  /** `undefined` for a database in memory. */
  readonly path: string | undefined;
  readonly busyTimeoutMs: number | undefined;
  /** As the journal reads, and as it writes: in a transaction, with a number of rows. */
  readonly read: <T>(work: () => T) => Promise<T>;
  readonly write: <T>(rows: number, work: () => T) => Promise<T>;
}

/** It counts for so many rows in a group commit: it has a transaction of its own. */
const rowsOfCare = 1000;

/** Taking care of a database over the journal's own connection. */
export const embeddedCare = (parts: EmbeddedCareParts): { readonly care: Care; readonly file: FileCare } => {
  const { connection, seal, path, busyTimeoutMs, read, write } = parts;
  const all = (statements: readonly CareStatement[]): readonly Rows[] =>
    statements.map(({ sql, bindings }) => connection.all(sql, bindings));
  const driver = {
    read: (statements: readonly CareStatement[]) => read(() => connection.snapshot(() => all(statements))),
    write: (statements: readonly CareStatement[]) => write(rowsOfCare, () => all(statements)),
  };
  const writeAlone = <T>(work: () => T): Promise<T> => write(rowsOfCare, work);
  return {
    care: new SqlCare(driver, seal),
    file: new DatabaseFileCare({ connection, path, busyTimeoutMs, write: writeAlone }),
  };
};
