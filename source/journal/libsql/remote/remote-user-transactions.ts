import { TempoliteError } from '../../../errors.js';
import { defaultCodec, limited } from '../../../values/codec.js';
import type { Statement, UserTransaction } from '../../statement.js';
import { failedOutcome, foreignKeyFailed, takeFrom, type TransactionOutcome } from '../user-transactions.js';
import { ended, failed, toBinding, toResult } from '../user-statements.js';
import { fateOf, isOfOneCaller, refusalText } from './fate.js';
import type { Query } from './query.js';
import type { RemoteTransaction } from './remote-connection.js';
import { whichOf } from './start-entry.js';

const begin: Query = { sql: 'SAVEPOINT tempolite', args: [] };
const end: Query = { sql: 'RELEASE tempolite', args: [] };
const undo: Query = { sql: 'ROLLBACK TO tempolite', args: [] };
/** It reads whole tables: only who is suspected is looked at. */
const check: Query = { sql: 'PRAGMA foreign_key_check', args: [] };

/** Transactions of users that are part of a commit, each a savepoint, with a failure of its own. */
export class RemoteUserTransactions {
  /** They can be run, but not be part of a commit: it is their event that says so then. */
  readonly #refused = new Map<readonly Statement[], Error>();
  /** The COMMIT was refused for one of those that were part of it: each is held against the foreign keys by itself. */
  readonly #suspected = new Set<readonly Statement[]>();

  async outcomeOf(given: UserTransaction, transaction: RemoteTransaction): Promise<TransactionOutcome> {
    const { statements } = given;
    const refused = this.#refused.get(statements);
    if (refused) return failedOutcome(refused);
    try {
      const payload = await this.#recorded(given, transaction);
      return { type: 'transaction-committed', payload };
    } catch (error) {
      if (!(error instanceof TempoliteError)) throw error;
      await this.#undo(statements, transaction, error);
      return failedOutcome(error);
    }
  }

  /** A commit with these came to nothing; answers whether they come to something else when it is written again. */
  refuse(transactions: readonly UserTransaction[], error: unknown): boolean {
    if (error instanceof TempoliteError) return error.code === 'TRANSACTION_ENDED';
    if (!(error instanceof Error && error.message.includes('FOREIGN KEY'))) return false;
    const fresh = transactions.filter(({ statements }) => !this.#refused.has(statements));
    for (const { statements } of fresh) {
      if (this.#suspected.has(statements)) this.#refused.set(statements, foreignKeyFailed(error));
      else this.#suspected.add(statements);
    }
    return fresh.length > 0;
  }

  async #recorded({ statements, maxResultBytes }: UserTransaction, transaction: RemoteTransaction): Promise<string> {
    if (statements.length === 0) return limited(defaultCodec, maxResultBytes).encode([]);
    const isSuspected = this.#suspected.has(statements);
    const queries = statements.map(({ sql, args = [] }) => ({ sql, args: args.map(toBinding) }));
    const before = isSuspected ? await violations(transaction) : [];
    const results = await run([begin, ...queries], statements, transaction);
    if (isSuspected) {
      const more = (await violations(transaction)).filter((row) => !takeFrom(before, row));
      if (more.length > 0) throw foreignKeyFailed(new Error(`FOREIGN KEY constraint failed: ${more.join(', ')}`));
    }
    const payload = limited(defaultCodec, maxResultBytes).encode(
      results
        .slice(1)
        .map(({ columns, rows, changes }, index) =>
          toResult({ columns, rows: rows.map((row) => row.map(toBytes)), changes }, whichOf(statements, index)),
        ),
    );
    await transaction.batch([end]);
    return payload;
  }

  /** Where the savepoint is no more, nothing of the transaction is: a trigger or constraint has rolled it back. */
  async #undo(statements: readonly Statement[], transaction: RemoteTransaction, error: TempoliteError): Promise<void> {
    try {
      await transaction.batch([undo, end]);
    } catch (cause) {
      if (fateOf(cause).type !== 'refused') throw cause;
      const over = ended(whichOf(statements, 0), new Error(refusalText(error.cause ?? error), { cause: error.cause }));
      this.#refused.set(statements, over);
      throw over;
    }
  }
}

const run = async (
  queries: readonly Query[],
  statements: readonly Statement[],
  transaction: RemoteTransaction,
): ReturnType<RemoteTransaction['batch']> => {
  try {
    return await transaction.batch(queries);
  } catch (error) {
    const fate = fateOf(error);
    if (fate.type !== 'refused' || !isOfOneCaller(fate) || fate.place === undefined) throw error;
    throw failed(whichOf(statements, fate.place - 1), refusalText(error), error);
  }
};

/** Rows without the one that they refer to. */
const violations = async (transaction: RemoteTransaction): Promise<string[]> =>
  (await transaction.batch([check]))
    .flatMap(({ rows }) => rows)
    .map(([table, row, parent]) => `row ${String(row)} of ${String(table)} refers to no row of ${String(parent)}`);

const toBytes = (value: unknown): unknown => (value instanceof ArrayBuffer ? new Uint8Array(value) : value);
