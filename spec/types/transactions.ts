// Compiled, never run: what the types of a user's own SQL let pass, and what they refuse.
import { expectTypeOf } from 'expect-type';
import { of, type Observable, type OperatorFunction } from 'rxjs';
import {
  transaction,
  workflow,
  type Run,
  type SqlValue,
  type StartOptions,
  type Statement,
  type StatementResult,
  type Tempolite,
  type TransactionResult,
  type WorkflowDefinition,
} from '../../source/index.js';

interface Order {
  readonly id: string;
  readonly total: number;
}

declare const tempolite: Tempolite;
const insert = ({ id, total }: Order): Statement => ({ sql: 'INSERT INTO orders VALUES (?, ?)', args: [id, total] });

// ── one statement gives one result, a list gives a list ─────────────────────────────────────────────────────────────────

expectTypeOf(transaction('one', insert)).toEqualTypeOf<OperatorFunction<Order, StatementResult>>();
expectTypeOf(transaction('list', (order: Order) => [insert(order), insert(order)])).toEqualTypeOf<
  OperatorFunction<Order, readonly StatementResult[]>
>();
expectTypeOf(of(1).pipe(transaction('literal', (n) => ({ sql: 'INSERT INTO t VALUES (?)', args: [n] })))).toEqualTypeOf<
  Observable<StatementResult>
>();
expectTypeOf<TransactionResult<Statement>>().toEqualTypeOf<StatementResult>();
expectTypeOf<TransactionResult<readonly Statement[]>>().toEqualTypeOf<readonly StatementResult[]>();
expectTypeOf<StatementResult['rows']>().toEqualTypeOf<readonly Readonly<Record<string, SqlValue>>[]>();
expectTypeOf<StatementResult['changes']>().toEqualTypeOf<number>();
expectTypeOf<SqlValue>().toEqualTypeOf<null | string | number | bigint | boolean | Uint8Array>();

// ── types flow through a pipeline without annotations ───────────────────────────────────────────────────────────────────

const booking = workflow('booking', (order$: Observable<Order>) =>
  order$.pipe(
    transaction('book', insert, ({ changes }, order) => {
      expectTypeOf(changes).toEqualTypeOf<number>();
      expectTypeOf(order).toEqualTypeOf<Order>();
      return { ...order, changes };
    }),
    transaction(
      'two',
      ({ changes }) => {
        expectTypeOf(changes).toEqualTypeOf<number>();
        return [{ sql: 'SELECT 1 AS n' }, { sql: 'SELECT ? AS n', args: [changes] }];
      },
      (results, { id }) => {
        expectTypeOf(results).toEqualTypeOf<readonly StatementResult[]>();
        return `${id} ${results.length}`;
      },
    ),
  ),
);
expectTypeOf(booking).branded.toEqualTypeOf<WorkflowDefinition<Order, string>>();

// ── statements with a start ─────────────────────────────────────────────────────────────────────────────────────────────

expectTypeOf<StartOptions['with']>().toEqualTypeOf<Statement | readonly Statement[] | undefined>();

export const starts = async (order: Order, bytes: Uint8Array): Promise<void> => {
  expectTypeOf(await tempolite.start(booking, order, { with: insert(order) })).toEqualTypeOf<Run<string>>();
  await tempolite.start(booking, order, { with: [insert(order), { sql: 'SELECT 1' }] });
  await tempolite.start(booking, order, { with: [] });
  await tempolite.start(booking, order, {
    with: { sql: 'INSERT INTO t VALUES (?, ?, ?, ?, ?, ?)', args: [null, 'text', 1.5, 5n, true, bytes] },
  });

  // @ts-expect-error SQL alone has no place for args: a statement is an object
  await tempolite.start(booking, order, { with: 'INSERT INTO orders VALUES (1)' });
  // @ts-expect-error a statement is no function of the input
  await tempolite.start(booking, order, { with: insert });
  // @ts-expect-error the statement is there at once
  await tempolite.start(booking, order, { with: Promise.resolve(insert(order)) });
  // @ts-expect-error parameters are by position
  await tempolite.start(booking, order, { with: { sql: 'SELECT :id', args: { id: order.id } } });
};

// ── what does not fit is refused ────────────────────────────────────────────────────────────────────────────────────────

// @ts-expect-error a transaction has statements
transaction('wrong');
// @ts-expect-error statements are given for each value
transaction('wrong', { sql: 'SELECT 1' });
// @ts-expect-error a text is no statement
transaction('wrong', () => 'SELECT 1');
// @ts-expect-error statements are given at once, in the turn
transaction('wrong', () => Promise.resolve({ sql: 'SELECT 1' }));
// @ts-expect-error a statement has SQL
transaction('wrong', () => ({ args: [1] }));
// @ts-expect-error a Date is no value of SQL
transaction('wrong', () => ({ sql: 'SELECT ?', args: [new Date()] }));
// @ts-expect-error nor is an object
transaction('wrong', () => [{ sql: 'SELECT ?', args: [{ id: 1 }] }]);
// @ts-expect-error nor is what may be left out
transaction('wrong', (order: Partial<Order>) => ({ sql: 'SELECT ?', args: [order.id] }));
// @ts-expect-error upstream gives texts
of('text').pipe(transaction('wrong', insert));
// @ts-expect-error what one statement gives is no list
transaction('wrong', insert, (results: readonly StatementResult[]) => results.length);
