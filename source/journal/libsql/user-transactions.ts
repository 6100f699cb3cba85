import { JournalError, TempoliteError } from '../../errors.js';
import { defaultCodec, limited } from '../../values/codec.js';
import { encodeFailure } from '../../values/failure.js';
import type { Statement, StatementResult, UserTransaction } from '../statement.js';
import type { Connection } from './connection.js';
import { isForeignKey } from './failures.js';
import { runStatements } from './user-statements.js';

/** What a transaction of a user's came to. */
export interface TransactionOutcome {
  readonly type: 'transaction-committed' | 'transaction-failed';
  readonly payload: string;
}

/** Transactions of users that are part of a commit, each with a failure of its own. */
export class UserTransactions {
  readonly #connection: Connection;
  /** They can be run, but not be part of a commit: it is their event that says so then. */
  readonly #refused = new WeakMap<readonly Statement[], Error>();
  /** The COMMIT was refused for one of those that were part of it: each is held against the foreign keys by itself. */
  readonly #suspected = new WeakSet<readonly Statement[]>();

  constructor(connection: Connection) {
    this.#connection = connection;
  }

  /** Runs statements that nothing is recorded of. */
  run(statements: readonly Statement[]): void {
    const refusal = this.#refused.get(statements);
    if (refusal) throw refusal;
    runStatements(this.#connection, statements);
  }

  /** The COMMIT was refused for such statements: they are to fail themselves. */
  refuseStart(statements: readonly Statement[], error: unknown): boolean {
    if (!isForeignKey(error) || this.#refused.has(statements)) return false;
    this.#refused.set(statements, foreignKeyFailed(error));
    return true;
  }

  /** Runs it, in the transaction of the caller. */
  outcomeOf(transaction: UserTransaction): TransactionOutcome {
    const { statements } = transaction;
    if (this.#refused.has(statements)) return failedOutcome(this.#refused.get(statements));
    try {
      return { type: 'transaction-committed', payload: this.#recorded(transaction) };
    } catch (error) {
      if (!(error instanceof TempoliteError)) throw error;
      const { code } = error;
      if (code === 'TRANSACTION_ENDED') this.#refused.set(statements, error);
      if (code === 'TRANSACTION_FAILED' || code === 'PAYLOAD_TOO_LARGE') return failedOutcome(error);
      throw error;
    }
  }

  /** A commit with these came to nothing; answers whether they come to something else when it is written again. */
  refuse(transactions: readonly UserTransaction[], error: unknown): boolean {
    if (error instanceof TempoliteError) return error.code === 'TRANSACTION_ENDED';
    if (!isForeignKey(error)) return false;
    const fresh = transactions.filter(({ statements }) => !this.#refused.has(statements));
    for (const { statements } of fresh) {
      if (this.#suspected.has(statements)) this.#refused.set(statements, foreignKeyFailed(error));
      else this.#suspected.add(statements);
    }
    return fresh.length > 0;
  }

  /** What is too large is known before it is written, and so nothing of it is. */
  #recorded({ statements, maxResultBytes }: UserTransaction): string {
    const encode = (results: readonly StatementResult[]): string =>
      limited(defaultCodec, maxResultBytes).encode(results);
    if (!this.#suspected.has(statements)) return runStatements(this.#connection, statements, encode);
    const before = this.#violations();
    return runStatements(this.#connection, statements, (results) => {
      const more = this.#violations().filter((row) => !takeFrom(before, row));
      if (more.length > 0) throw foreignKeyFailed(new Error(`FOREIGN KEY constraint failed: ${more.join(', ')}`));
      return encode(results);
    });
  }

  /** Rows without the one that they refer to. It reads whole tables: only who is suspected is looked at. */
  #violations(): string[] {
    return this.#connection
      .all('PRAGMA foreign_key_check')
      .map(([table, row, parent]) => `row ${String(row)} of ${String(table)} refers to no row of ${String(parent)}`);
  }
}

/** A deferred foreign key was not met at the end. */
export const foreignKeyFailed = (cause: unknown): JournalError =>
  new JournalError(
    'TRANSACTION_FAILED',
    'the statements leave a foreign key unmet, which was deferred to their COMMIT. Nothing of them is written: correct the SQL or its args',
    { cause },
  );

export const failedOutcome = (error: unknown): TransactionOutcome => ({
  type: 'transaction-failed',
  payload: encodeFailure(error),
});

export const takeFrom = (list: string[], item: string): boolean => {
  const place = list.indexOf(item);
  if (place >= 0) list.splice(place, 1);
  return place >= 0;
};
