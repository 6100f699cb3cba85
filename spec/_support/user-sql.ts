import type { ExecutionContext } from 'ava';
import { JournalError } from '../../source/errors.js';
import type { Connection } from '../../source/journal/libsql/connection.js';
import { runStatements } from '../../source/journal/libsql/user-statements.js';
import type { SqlValue, Statement, StatementResult } from '../../source/journal/statement.js';
import { opened } from './connections.js';

/** A connection to a database with a table of the journal's and one of the user's. */
export const withTables = (t: ExecutionContext, tables = ''): Connection => {
  const connection = opened(t);
  connection.exec(
    `CREATE TABLE journal (n INTEGER) STRICT; CREATE TABLE mine (n INTEGER UNIQUE, x ANY) STRICT; ${tables}`,
  );
  return connection;
};

export const of = (sql: string, ...args: SqlValue[]): Statement => ({ sql, args });

export const run = (connection: Connection, ...statements: Statement[]): readonly StatementResult[] =>
  connection.transaction(() => runStatements(connection, statements));

export const rowsOf = (connection: Connection, sql: string, ...args: SqlValue[]): StatementResult['rows'] =>
  run(connection, of(sql, ...args))[0]?.rows ?? [];

export const countOf = (connection: Connection, table: string): unknown =>
  connection.all(`SELECT count(*) FROM ${table}`)[0]?.[0];

/** Answers with what `act` throws. */
export const failure = (t: ExecutionContext, act: () => unknown): JournalError =>
  t.throws(act, { instanceOf: JournalError });
