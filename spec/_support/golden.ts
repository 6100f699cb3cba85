import { copyFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import type { ExecutionContext } from 'ava';
import Database from 'libsql';
import { databaseOf } from './files.js';

/** The schemas of which there is a file that was written by the release of then: see spec/journal/golden. */
export const oldSchemas = [1, 2] as const;
export type OldSchema = (typeof oldSchemas)[number];

/** A copy of a golden file for this test alone: its path. */
export const goldenCopy = (t: ExecutionContext, schema: OldSchema): string => {
  const path = databaseOf(t);
  // The compiled spec is in dist, the file is not.
  copyFileSync(fileURLToPath(new URL(`../../../spec/journal/golden/schema-${schema}.db`, import.meta.url)), path);
  return path;
};

type Rows = readonly (readonly unknown[])[];

/** All that stands in a closed database: its version, its schema, and the rows of each table, by the names of today and without columns of later. */
export const contentOf = (path: string): Readonly<Record<string, Rows>> => {
  // A connection that was closed here may be let go by the collector just now.
  const database = new Database(path, { timeout: 5000 });
  const rows = (sql: string): Rows => database.prepare(sql).raw(true).all([]) as unknown[][];
  try {
    const tables = rows("SELECT name FROM sqlite_schema WHERE type = 'table' AND name NOT LIKE 'sqlite_%'").flat();
    return Object.fromEntries([
      ['user_version', rows('PRAGMA user_version')],
      ['sqlite_schema', rows('SELECT type, name, tbl_name, sql FROM sqlite_schema ORDER BY type, name')],
      ...tables.map(String).map((table) => [nameOfToday(table), rows(`SELECT * FROM ${table} ORDER BY 1`)] as const),
    ]);
  } finally {
    database.close();
  }
};

/** The rows of old alone: of tables that were there, and of columns that were. */
export const cutTo = (
  before: ReturnType<typeof contentOf>,
  after: ReturnType<typeof contentOf>,
): Readonly<Record<string, Rows | undefined>> =>
  Object.fromEntries(
    Object.entries(before)
      .filter(([table]) => !['user_version', 'sqlite_schema'].includes(table))
      .map(([table, old]) => [table, after[table]?.map((row) => row.slice(0, old[0]?.length ?? row.length))]),
  );

/** What is to be equal to it. */
export const rowsOf = (content: ReturnType<typeof contentOf>): Readonly<Record<string, Rows>> =>
  Object.fromEntries(Object.entries(content).filter(([table]) => !['user_version', 'sqlite_schema'].includes(table)));

const oursOfOne = ['runs', 'events', 'inbox', 'workers', 'fences'];

const nameOfToday = (table: string): string => (oursOfOne.includes(table) ? `tempolite_${table}` : table);
