import type { CareSql, CareStatement } from '../care/care-sql.js';
import type { Entry } from './entry.js';
import { remoteError } from './fate.js';
import { query, type Query, type Rows } from './query.js';
import type { RemoteConnection } from './remote-connection.js';

type Written = readonly Rows[] | undefined;

/** What taking care of a database asks of this driver. It writes in batches of its own: nobody waits for more than one of them. */
export const remoteCareSql = (
  connection: RemoteConnection,
  add: (entry: Entry<Written>) => Promise<Written>,
): CareSql => ({
  read: (statements) => connection.snapshot(statements.map(toQuery)),
  write: (statements) => add(careEntry(statements)),
});

const toQuery = ({ sql, bindings }: CareStatement): Query => query(sql, ...bindings);

const careEntry = (statements: readonly CareStatement[]): Entry<Written> => ({
  queries: statements.map(toQuery),
  runs: [],
  alone: true,
  answer: (rows) => ({ value: rows, changes: [] }),
  instead: (error) => Promise.reject(remoteError(error)),
  again: () => Promise.resolve(undefined),
});
