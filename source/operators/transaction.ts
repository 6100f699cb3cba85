import { map, type OperatorFunction } from 'rxjs';
import { EngineError } from '../errors.js';
import { checkStatement, type Statement, type StatementResult } from '../journal/statement.js';
import { recordedFailure } from '../run/failure-origin.js';
import { defaultCodec } from '../values/codec.js';
import type { Codec } from '../values/codec.js';
import { digest } from '../values/digest.js';
import { checkName } from './activity-definition.js';
import { ask, eachInRun, type ToCommand } from './ask.js';
import { emitRecorded } from './recorded.js';

/** SQL on the user's own tables, and its parameters. */
type Statements = Statement | readonly Statement[];

/** One result for one statement, a list for a list. */
export type TransactionResult<S extends Statements> = S extends readonly Statement[]
  ? readonly StatementResult[]
  : StatementResult;

/**
 * For each value, runs SQL on the user's own tables in the very transaction that records it: exactly once, whenever the process
 * dies. The statements run in a savepoint of their own, all or none of them; what they gave (rows, or the number of changed rows) is
 * recorded and emitted, or what `project` makes of it and the value.
 *
 * ```
 * source    --a--b-----|
 *           transaction('book', toStatements)
 * output    ----A--B---|      rows and checkpoint are in one commit
 * ```
 *
 * The tables live in the run's own database. Parameters are `?` and are bound as what they are: whole numbers and booleans as INTEGER,
 * other numbers as REAL, Uint8Array as BLOB. The function is called in the turn, so it must give the same statements on replay.
 *
 * Records rows or counts. Errors: `TRANSACTION_FAILED` (its `cause` is the database's error), `TRANSACTION_ENDED`, `PAYLOAD_TOO_LARGE`;
 * `INVALID_ARGUMENT` for what is no single statement, ends the transaction, or touches Tempolite's own tables (`tempolite_…`).
 *
 * @example
 * order$.pipe(transaction('book', ({ id, total }) => ({ sql: 'INSERT INTO bookings VALUES (?, ?)', args: [id, total] })))
 */
export function transaction<I, S extends Statements>(
  name: string,
  statements: (value: I) => S,
): OperatorFunction<I, TransactionResult<S>>;
export function transaction<I, S extends Statements, R>(
  name: string,
  statements: (value: I) => S,
  project: (result: TransactionResult<S>, value: I) => R,
): OperatorFunction<I, R>;
export function transaction<I, S extends Statements, R>(
  name: string,
  statements: (value: I) => S,
  project?: (result: TransactionResult<S>, value: I) => R,
): OperatorFunction<I, R | TransactionResult<S>> {
  checkName('transaction', name);
  if (typeof statements !== 'function') {
    throw new EngineError(
      'INVALID_ARGUMENT',
      `transaction("${name}") needs a function that gives its statements, not ${typeof statements}`,
    );
  }
  const operator = `transaction("${name}")`;
  return eachInRun<I, R | TransactionResult<S>>(operator, 1, (run, value) => {
    const result$ = ask(run, operator, toTransaction(name, statements(value)));
    return project ? result$.pipe(map((result) => project(result, value))) : result$;
  });
}

/** The command that asks for one transaction. */
const toTransaction = <S extends Statements>(name: string, asked: S): ToCommand<TransactionResult<S>> => {
  const list = statementsOf(asked);
  return (run, subscriber) => {
    // The database gives back what it wrote; only this codec reads it.
    const codec = defaultCodec as Codec<readonly StatementResult[]>;
    return {
      kind: 'transaction',
      name,
      digest: digest(defaultCodec.encode(list.map(({ sql, args = [] }) => [sql, args]))),
      transaction: { statements: list, maxResultBytes: run.maxPayloadBytes },
      deliver: (event) => {
        if (event.type === 'transaction-failed') subscriber.error(recordedFailure(event));
        else if (event.type === 'transaction-committed') {
          emitRecorded(run, `transaction "${name}"`, codec, event.payload, {
            next: (results) => {
              // A list for a list is what the type says.
              subscriber.next((isList(asked) ? results : results[0]) as TransactionResult<S>);
            },
          });
          subscriber.complete();
        }
      },
    };
  };
};

const isList = (asked: Statements): asked is readonly Statement[] => Array.isArray(asked);

/** Statements that were checked. */
const statementsOf = (asked: Statements): readonly Statement[] => {
  const list = isList(asked) ? asked : [asked];
  if (list.length === 0) throw new EngineError('INVALID_ARGUMENT', 'a transaction has one statement at least');
  for (const statement of list) checkStatement(statement);
  return list;
};
