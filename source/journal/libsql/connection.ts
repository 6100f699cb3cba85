import Database from 'libsql';
import { ValueError } from '../../errors.js';

/** All that may be bound: the native driver aborts the process on anything else, and writes JS numbers as REAL. */
export type Binding = null | string | bigint;

type Statement = ReturnType<InstanceType<typeof Database>['prepare']>;

export interface Written {
  readonly changes: number;
  readonly lastInsertRowid: number;
}

interface Cached {
  readonly statement: Statement;
  readonly parameters: number;
}

/**
 * The one place that touches the native driver, and the one where its traps are closed: bindings are typed and always an array of
 * the right length, integers go in as BigInt, rows come out through `all`, transactions are begun and ended by `exec`, statements
 * are prepared once, and nothing awaits inside a transaction.
 */
export class Connection {
  readonly #database: InstanceType<typeof Database>;
  readonly #statements = new Map<string, Cached>();
  #open = true;
  /** `asked`: it begins with the first statement. `done`: its only statement was atomic by itself. */
  #transaction: 'none' | 'asked' | 'begun' | 'done' = 'none';

  constructor(path: string) {
    // The driver would wait for locks by sleeping the event loop: it must not wait at all.
    this.#database = new Database(path, { timeout: 0 });
  }

  exec(sql: string): void {
    this.#begin();
    this.#database.exec(sql);
  }

  /** Rows as arrays of columns. Also for `INSERT … RETURNING`: `get` and `run` of the driver lose errors there. */
  all(sql: string, bindings: readonly Binding[] = []): unknown[][] {
    this.#begin();
    return this.#prepared(sql, bindings, true).all([...bindings]) as unknown[][];
  }

  /** For statements that yield no rows. */
  run(sql: string, bindings: readonly Binding[] = []): Written {
    this.#begin();
    return this.#runNow(sql, bindings);
  }

  /**
   * The last statement of a transaction. One that is also the first needs no BEGIN and COMMIT: it is atomic by itself, and a
   * tenth faster (measured).
   */
  runLast(sql: string, bindings: readonly Binding[] = []): Written {
    const written = this.#runNow(sql, bindings);
    if (this.#transaction === 'asked') this.#transaction = 'done';
    return written;
  }

  /** Runs `work` in one write transaction. What it throws, or the commit, leaves nothing behind. */
  transaction<T>(work: () => T): T {
    if (!this.#open) throw new TypeError('the database connection is not open');
    this.#transaction = 'asked';
    try {
      const result = work();
      if (this.#hasBegun()) this.#database.exec('COMMIT');
      return result;
    } catch (error) {
      // A full disk has already rolled back; another ROLLBACK would hide why.
      if (this.#database.inTransaction) this.#database.exec('ROLLBACK');
      throw error;
    } finally {
      this.#transaction = 'none';
    }
  }

  /** Statements keep a closed connection alive: they are let go first. */
  close(): void {
    if (!this.#open) return;
    this.#open = false;
    this.#statements.clear();
    this.#database.close();
  }

  #hasBegun(): boolean {
    return this.#transaction === 'begun';
  }

  #begin(): void {
    if (this.#transaction === 'done') throw new TypeError('the last statement of this transaction has been written');
    if (this.#transaction !== 'asked') return;
    this.#database.exec('BEGIN IMMEDIATE');
    this.#transaction = 'begun';
  }

  #runNow(sql: string, bindings: readonly Binding[]): Written {
    const { changes, lastInsertRowid } = this.#prepared(sql, bindings, false).run([...bindings]);
    return { changes, lastInsertRowid: Number(lastInsertRowid) };
  }

  #prepared(sql: string, bindings: readonly Binding[], rows: boolean): Statement {
    const cached = this.#statements.get(sql) ?? this.#prepare(sql, rows);
    // The driver passes over surplus parameters and keeps old values for missing ones.
    if (cached.parameters !== bindings.length) {
      throw new TypeError(`the statement takes ${cached.parameters} parameters, not ${bindings.length}: ${sql}`);
    }
    for (const binding of bindings) check(binding);
    return cached.statement;
  }

  #prepare(sql: string, rows: boolean): Cached {
    const statement = this.#database.prepare(sql);
    // The driver's `run` would take one step and leave the statement, and with it the write lock, where they are.
    if (!rows && statement.reader) throw new TypeError(`the statement yields rows, use all: ${sql}`);
    if (rows) statement.raw(true);
    const cached = { statement, parameters: sql.split('?').length - 1 };
    this.#statements.set(sql, cached);
    return cached;
  }
}

/** Callers without a compiler bind what they like: a boolean or an object would abort the process, a number would become REAL. */
const check = (binding: unknown): void => {
  if (binding === null || typeof binding === 'bigint') return;
  if (typeof binding !== 'string')
    throw new TypeError(`null, a text or a bigint can be bound, not a ${typeof binding}`);
  // A text comes back cut at a NUL, and half a surrogate pair as another character. Payloads are JSON and have neither.
  if (!binding.includes('\0') && binding.isWellFormed()) return;
  throw new ValueError(
    'INVALID_VALUE',
    `${JSON.stringify(binding.slice(0, shownCharacters))} has a NUL or half a surrogate pair, which the database would not give back: ` +
      'leave them out of ids, names, tags and keys',
  );
};

const shownCharacters = 100;
