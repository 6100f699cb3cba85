import Database from 'libsql';
import { JournalError, ValueError } from '../../errors.js';
import { parameterCount, sqlValueFault } from '../statement.js';
import { sqlTokens } from '../sql-tokens.js';
import { packed, unpacked, type Packing } from './packed-rows.js';

/** All that may be bound: the native driver aborts the process on anything else, and writes JS numbers as REAL. */
export type Binding = null | string | bigint;

/** What a user's statement may bind: the driver takes each as it is, a number as REAL. */
export type UserBinding = Binding | number | Uint8Array;

type Statement = ReturnType<InstanceType<typeof Database>['prepare']>;

export interface Written {
  readonly changes: number;
  readonly lastInsertRowid: number;
}

/** What a user's statement gave: INTEGERs are bigints, BLOBs are Buffers. */
export interface UserResult {
  readonly columns: readonly string[];
  readonly rows: readonly (readonly unknown[])[];
  readonly changes: number;
}

interface Cached {
  readonly statement: Statement;
  readonly parameters: number;
}

interface CachedOfOurs extends Cached {
  readonly packing: Packing;
}

/**
 * `asked`: it begins with the first statement. `ended`: a user's statement, or a fault that it met, has rolled all of it back.
 */
type TransactionState = 'none' | 'asked' | 'begun' | 'ended';

/** How many columns our statements have: to find it out they are prepared once, in the whole process. */
const columns: Record<string, number> = {};

/** Prepared statements of users that are kept, the latest used: unlike ours, there may be any number of them. */
export const mostUserStatements = 100;

/**
 * The one place that touches the native driver, and the one where its traps are closed: bindings are typed and always an array of
 * the right length, integers go in as BigInt, rows come out through `all` and packed, transactions are begun and ended by `exec`, statements
 * are prepared once, and nothing awaits inside a transaction.
 */
export class Connection {
  readonly #database: InstanceType<typeof Database>;
  readonly #statements = new Map<string, CachedOfOurs>();
  /** The latest used is the last. */
  readonly #userStatements = new Map<string, Cached>();
  /** What was opened, for messages. */
  readonly path: string;
  #open = true;
  #transaction: TransactionState = 'none';

  constructor(path: string) {
    // The driver would wait for locks by sleeping the event loop: it must not wait at all.
    this.path = path;
    this.#database = new Database(path, { timeout: 0 });
  }

  exec(sql: string): void {
    this.#begin();
    this.#database.exec(sql);
  }

  /** Rows as arrays of columns. Also for `INSERT … RETURNING`: `get` and `run` of the driver lose errors there. */
  all(sql: string, bindings: readonly Binding[] = []): unknown[][] {
    this.#begin();
    const { statement, packing } = this.#prepared(sql, bindings, true);
    return unpacked(statement.all(bindings) as unknown[][], packing);
  }

  /** For statements that yield no rows. */
  run(sql: string, bindings: readonly Binding[] = []): Written {
    this.#begin();
    return this.#runNow(sql, bindings);
  }

  /** Runs `work` in one write transaction. What it throws, or the commit, leaves nothing behind. */
  transaction<T>(work: () => T): T {
    if (!this.#open) throw new TypeError('the database connection is not open');
    this.#transaction = 'asked';
    try {
      const result = work();
      if (this.#is('ended')) throw ended();
      if (this.#is('begun')) this.#database.exec('COMMIT');
      return result;
    } catch (error) {
      // A full disk has already rolled back; another ROLLBACK would hide why.
      if (this.inTransaction) this.#database.exec('ROLLBACK');
      throw error;
    } finally {
      this.#transaction = 'none';
    }
  }

  /** Reads, as of one instant. */
  snapshot<T>(work: () => T): T {
    this.#database.exec('BEGIN');
    try {
      return work();
    } finally {
      this.#database.exec('COMMIT');
    }
  }

  /** Asked of a closed database, the driver would abort the process. */
  get inTransaction(): boolean {
    return this.#open && this.#database.inTransaction;
  }

  /** Runs `work` as a part of the open transaction. What it throws takes back what it wrote, and nothing else. */
  savepoint<T>(work: () => T): T {
    if (this.#is('none')) throw new TypeError('a savepoint is a part of a transaction, and there is none');
    this.exec('SAVEPOINT part');
    try {
      const result = work();
      if (this.#is('ended')) throw ended();
      this.#database.exec('RELEASE part');
      return result;
    } catch (error) {
      if (this.inTransaction) this.#database.exec('ROLLBACK TO part; RELEASE part');
      throw error;
    }
  }

  /** A user's statement, within a transaction. It may have ended it: nothing can be written in it any more then. */
  user(sql: string, bindings: readonly UserBinding[]): UserResult {
    this.#begin();
    if (!this.#is('begun')) throw new TypeError('a statement of a user is a part of a transaction, and there is none');
    try {
      return this.#userNow(this.#preparedForUser(sql, bindings), bindings);
    } finally {
      if (!this.inTransaction) this.#transaction = 'ended';
    }
  }

  get userStatements(): number {
    return this.#userStatements.size;
  }

  /** Statements keep a closed connection alive: they are let go first. */
  close(): void {
    if (!this.#open) return;
    this.#open = false;
    this.#statements.clear();
    this.#userStatements.clear();
    this.#database.close();
  }

  #is(state: TransactionState): boolean {
    return this.#transaction === state;
  }

  #begin(): void {
    if (this.#transaction === 'ended') throw ended();
    if (this.#transaction !== 'asked') return;
    // By `exec`, also for a single statement: one that is prepared and meets a lock stays in progress, and every later BEGIN fails.
    this.#database.exec('BEGIN IMMEDIATE');
    this.#transaction = 'begun';
  }

  #runNow(sql: string, bindings: readonly Binding[]): Written {
    const { changes, lastInsertRowid } = this.#prepared(sql, bindings, false).statement.run(bindings);
    return { changes, lastInsertRowid: Number(lastInsertRowid) };
  }

  #userNow({ statement }: Cached, bindings: readonly UserBinding[]): UserResult {
    if (!statement.reader) return { columns: [], rows: [], changes: statement.run([...bindings]).changes };
    const before = this.#changes().total;
    const rows = statement.all([...bindings]) as unknown[][];
    // Asked for after the run: if the table was altered since, it is the run that has prepared the statement anew.
    const columns = statement.columns().map(({ name }) => name);
    // A SELECT leaves the number of the last statement that wrote.
    const { total, last } = this.#changes();
    return { columns, rows, changes: total === before ? 0 : last };
  }

  #changes(): { readonly total: number; readonly last: number } {
    const [total, last] = this.all('SELECT total_changes(), changes()')[0] ?? [];
    return { total: Number(total), last: Number(last) };
  }

  #preparedForUser(sql: string, bindings: readonly UserBinding[]): Cached {
    const cached = this.#userStatements.get(sql) ?? this.#prepareForUser(sql);
    this.#userStatements.delete(sql);
    this.#userStatements.set(sql, cached);
    const [oldest] = this.#userStatements.keys();
    if (this.#userStatements.size > mostUserStatements && oldest !== undefined) this.#userStatements.delete(oldest);
    checkArity(cached, bindings, sql);
    for (const binding of bindings) checkUser(binding);
    return cached;
  }

  #prepareForUser(sql: string): Cached {
    const statement = this.#database.prepare(sql);
    if (statement.reader) statement.raw(true).safeIntegers(true);
    return { statement, parameters: parameterCount(sqlTokens(sql)) };
  }

  #prepared(sql: string, bindings: readonly Binding[], rows: boolean): CachedOfOurs {
    const cached = this.#statements.get(sql) ?? this.#prepare(sql, rows);
    checkArity(cached, bindings, sql);
    for (const binding of bindings) check(binding);
    return cached;
  }

  #prepare(sql: string, rows: boolean): CachedOfOurs {
    const columnsOf = (): number => (columns[sql] ??= this.#database.prepare(sql).columns().length);
    const { sql: read, packing } = rows ? packed(sql, columnsOf) : ({ sql, packing: 'none' } as const);
    const statement = this.#database.prepare(read);
    // The driver's `run` would take one step and leave the statement, and with it the write lock, where they are.
    if (!rows && statement.reader) throw new TypeError(`the statement yields rows, use all: ${sql}`);
    if (rows) statement.raw(true);
    const cached = { statement, packing, parameters: sql.split('?').length - 1 };
    this.#statements.set(sql, cached);
    return cached;
  }
}

const ended = (): JournalError =>
  new JournalError('TRANSACTION_ENDED', 'the database has rolled this transaction back: nothing of it is written');

/** The driver passes over surplus parameters and keeps old values for missing ones. */
const checkArity = ({ parameters }: Cached, bindings: readonly unknown[], sql: string): void => {
  if (parameters === bindings.length) return;
  throw new TypeError(`the statement takes ${parameters} parameters, not ${bindings.length}: ${sql}`);
};

/** Values of users are not shown. */
const checkUser = (binding: unknown): void => {
  const fault = typeof binding === 'boolean' ? 'a boolean' : sqlValueFault(binding);
  if (fault !== undefined)
    throw new TypeError(`null, a text, a bigint, a finite number or a Uint8Array can be bound, not ${fault}`);
};

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
