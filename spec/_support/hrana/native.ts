import Database from 'libsql';
import { HranaError, type Stmt, type StmtResult } from './protocol.js';
import { toBound, toValue } from './values.js';

type Prepared = ReturnType<InstanceType<typeof Database>['prepare']>;

/** SQLite's primary result codes: https://sqlite.org/rescode.html */
const codes: Readonly<Record<number, string>> = {
  1: 'SQLITE_ERROR',
  5: 'SQLITE_BUSY',
  6: 'SQLITE_LOCKED',
  8: 'SQLITE_READONLY',
  11: 'SQLITE_CORRUPT',
  13: 'SQLITE_FULL',
  18: 'SQLITE_TOOBIG',
  19: 'SQLITE_CONSTRAINT',
  20: 'SQLITE_MISMATCH',
  26: 'SQLITE_NOTADB',
};

const rawCodeOf = (error: unknown): number =>
  error instanceof Error && 'rawCode' in error && typeof error.rawCode === 'number' ? error.rawCode & 0xff : 0;

export const isBusy = (error: unknown): boolean => rawCodeOf(error) === 5;

/** Tells the client of an error as sqld does: with the primary code. */
export const hranaError = (error: unknown): HranaError => {
  if (error instanceof HranaError) return error;
  const message = error instanceof Error ? error.message : String(error);
  return new HranaError(codes[rawCodeOf(error)] ?? 'INTERNAL', `SQLite error: ${message}`);
};

/** Statements that begin or end a transaction are never prepared: one that met a lock would stay in progress. */
const ofTheTransaction = /^\s*(?:BEGIN|COMMIT|END|ROLLBACK|SAVEPOINT|RELEASE)\b/i;

const mostStatements = 200;

/** One native connection to the file. */
export class NativeConnection {
  readonly #database: InstanceType<typeof Database>;
  readonly #statements = new Map<string, Prepared>();
  #isOpen = true;

  constructor(path: string) {
    this.#database = new Database(path, { timeout: 0 });
    this.#database.exec('PRAGMA synchronous = NORMAL');
  }

  /** The driver aborts the process when it is asked behind the end. */
  get inTransaction(): boolean {
    return this.#isOpen && this.#database.inTransaction;
  }

  sequence(sql: string): void {
    this.#checkOpen();
    this.#database.exec(sql);
  }

  execute(sql: string, { args = [], named_args: named = [] }: Stmt): StmtResult {
    this.#checkOpen();
    if (ofTheTransaction.test(sql)) {
      this.#database.exec(sql);
      return { cols: [], rows: [], affected_row_count: 0, last_insert_rowid: null };
    }
    const statement = this.#prepared(sql);
    const bound: object = named.length > 0 ? byName(named) : args.map(toBound);
    const before = this.#counters();
    if (!statement.reader) statement.run(bound);
    const rows = statement.reader ? (statement.raw(true).safeIntegers(true).all(bound) as unknown[][]) : [];
    const after = this.#counters();
    return {
      cols: statement.reader ? statement.columns().map(({ name, type }) => ({ name, decltype: type })) : [],
      rows: rows.map((row) => row.map(toValue)),
      affected_row_count: after.total === before.total ? 0 : after.last,
      last_insert_rowid: String(after.rowid),
    };
  }

  rollback(): void {
    if (this.inTransaction) this.#database.exec('ROLLBACK');
  }

  close(): void {
    if (!this.#isOpen) return;
    this.rollback();
    this.#isOpen = false;
    this.#statements.clear();
    this.#database.close();
  }

  #checkOpen(): void {
    if (!this.#isOpen) throw new HranaError('INTERNAL', 'the server is closed');
  }

  #counters(): { readonly total: number; readonly last: number; readonly rowid: number } {
    const [row] = this.#prepared('SELECT total_changes(), changes(), last_insert_rowid()')
      .raw(true)
      .safeIntegers(false)
      .all([]) as number[][];
    return { total: row?.[0] ?? 0, last: row?.[1] ?? 0, rowid: row?.[2] ?? 0 };
  }

  #prepared(sql: string): Prepared {
    const cached = this.#statements.get(sql) ?? this.#database.prepare(sql);
    this.#statements.delete(sql);
    this.#statements.set(sql, cached);
    const [oldest] = this.#statements.keys();
    if (this.#statements.size > mostStatements && oldest !== undefined) this.#statements.delete(oldest);
    return cached;
  }
}

const byName = (named: NonNullable<Stmt['named_args']>): Record<string, unknown> =>
  Object.fromEntries(named.map(({ name, value }) => [name.replace(/^[:@$]/, ''), toBound(value)]));
