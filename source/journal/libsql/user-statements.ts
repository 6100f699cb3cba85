import { isUint8Array } from 'node:util/types';
import { JournalError } from '../../errors.js';
import type { SqlValue, Statement, StatementResult } from '../statement.js';
import type { Connection, UserBinding, UserResult } from './connection.js';

/**
 * Runs what `checkStatement` let pass, in the caller's transaction and all or nothing. Errors: `TRANSACTION_FAILED` when the database
 * refuses one of them, which takes back these statements alone; `TRANSACTION_ENDED` when one has rolled back the whole transaction,
 * by a trigger with RAISE(ROLLBACK) or a table with ON CONFLICT ROLLBACK. A database that is busy, full or damaged is nobody's
 * mistake: its error comes as it is.
 *
 * `finish` makes something of the results, and may still take them back by throwing. A deferred foreign key is not asked about before the
 * COMMIT of the whole transaction. A text that is not UTF-8, as
 * `CAST(x'ff' AS TEXT)` makes one, cannot be read: the driver would abort the process. One with a NUL is read up to that.
 */
export function runStatements(connection: Connection, statements: readonly Statement[]): readonly StatementResult[];
export function runStatements<T>(
  connection: Connection,
  statements: readonly Statement[],
  finish: (results: readonly StatementResult[]) => T,
): T;
export function runStatements(
  connection: Connection,
  statements: readonly Statement[],
  finish: (results: readonly StatementResult[]) => unknown = (results) => results,
): unknown {
  if (statements.length === 0) return finish([]);
  return connection.savepoint(() => {
    const results = statements.map((statement, place) => {
      const which = `statement ${place + 1} of ${statements.length}, ${JSON.stringify(statement.sql.slice(0, shownCharacters))},`;
      try {
        const result = connection.user(statement.sql, (statement.args ?? []).map(toBinding));
        // The next one would be written by itself, outside of any transaction.
        if (!connection.inTransaction) throw ended(which);
        return toResult(result, which);
      } catch (error) {
        if (!isOfTheUser(error)) throw error;
        throw connection.inTransaction ? failed(which, reasonOf(error), error) : ended(which, error);
      }
    });
    return finish(results);
  });
}

/** A whole number is an INTEGER: as REAL it would be '5.0' in a column of texts. A copy of bytes is what the driver surely reads. */
export const toBinding = (value: SqlValue): UserBinding => {
  if (typeof value === 'boolean') return value ? 1n : 0n;
  if (isUint8Array(value)) return new Uint8Array(value);
  if (typeof value !== 'number' || !Number.isInteger(value)) return value;
  const whole = BigInt(value);
  return BigInt.asIntN(64, whole) === whole ? whole : value;
};

export const toResult = ({ columns, rows, changes }: UserResult, which: string): StatementResult => {
  const twice = columns.find((name, place) => columns.indexOf(name) < place);
  if (twice !== undefined) {
    throw failed(which, `it has two columns ${JSON.stringify(twice)}, of which a row can hold one: name them with AS`);
  }
  return {
    changes,
    rows: rows.map((row) => Object.fromEntries(columns.map((name, place) => [name, toValue(row[place])]))),
  };
};

const toValue = (value: unknown): SqlValue => {
  if (value === null || typeof value === 'string' || typeof value === 'number') return value;
  if (typeof value === 'bigint') return isSafe(value) ? Number(value) : value;
  if (isUint8Array(value)) return new Uint8Array(value);
  throw new JournalError(
    'JOURNAL_FAILED',
    `the driver gave a ${typeof value} for a column, which is none of SQLite's types`,
  );
};

const isSafe = (value: bigint): boolean => Number.isSafeInteger(Number(value));

/** SQLite's primary result codes, https://sqlite.org/rescode.html: error in the SQL, too big, constraint, mismatch. */
const codesOfTheUser: readonly unknown[] = [1, 18, 19, 20];

/** What the driver refuses to bind is a TypeError. */
const isOfTheUser = (error: unknown): boolean =>
  error instanceof TypeError ||
  (error instanceof Error &&
    'rawCode' in error &&
    typeof error.rawCode === 'number' &&
    codesOfTheUser.includes(error.rawCode & 0xff));

export const failed = (which: string, reason: string, ...causes: readonly unknown[]): JournalError =>
  new JournalError(
    'TRANSACTION_FAILED',
    `${which} was refused: ${reason}. Nothing of these statements is written: correct the SQL or its args`,
    optionsOf(causes),
  );

export const ended = (which: string, ...causes: readonly unknown[]): JournalError =>
  new JournalError(
    'TRANSACTION_ENDED',
    `${which} has rolled back the whole transaction${causes.map((cause) => ` (${reasonOf(cause)})`).join('')}: ` +
      'let triggers and constraints ABORT instead of ROLLBACK',
    optionsOf(causes),
  );

const optionsOf = ([cause]: readonly unknown[]) => (cause === undefined ? {} : { cause });

const reasonOf = (error: unknown): string => (error instanceof Error ? error.message : String(error));

const shownCharacters = 100;
