import type { Connections } from './connections.js';
import { hranaError, isBusy, type NativeConnection } from './native.js';
import {
  HranaError,
  type BatchResult,
  type Condition,
  type Failure,
  type Step,
  type Stmt,
  type StmtResult,
  type StreamRequest,
  type StreamResponse,
} from './protocol.js';

export interface SqlStreamOptions {
  /** A lock is waited for so long, then `SQLITE_BUSY`. */
  readonly busyMs: number;
  /** An open transaction for which another waits is taken away after so long. */
  readonly transactionMs: number;
}

const busyStepMs = 2;

/** A stream of Hrana: a native connection with its transaction. The SQL texts that were stored may be shared with others. */
export class SqlStream {
  readonly #connections: Connections;
  readonly #options: SqlStreamOptions;
  readonly #texts: Map<number, string>;
  #connection: NativeConnection;
  #begunAt: number | undefined;
  #stolen = false;
  #dropped = false;

  /** Streams with a transaction, of which one that waits may rob the oldest. */
  static readonly #holders = new WeakMap<Connections, Set<SqlStream>>();

  constructor(connections: Connections, options: SqlStreamOptions, texts = new Map<number, string>()) {
    this.#connections = connections;
    this.#options = options;
    this.#texts = texts;
    this.#connection = connections.take();
  }

  async answer(request: StreamRequest): Promise<StreamResponse> {
    switch (request.type) {
      case 'execute':
        return { type: 'execute', result: await this.#execute(request.stmt) };
      case 'batch':
        return { type: 'batch', result: await this.#batch(request.batch.steps) };
      case 'sequence': {
        const sql = this.#textOf(request);
        await this.#whenFree(() => {
          this.#connection.sequence(sql);
        });
        return { type: 'sequence' };
      }
      case 'store_sql':
        this.#texts.set(request.sql_id, request.sql);
        return { type: 'store_sql' };
      case 'close_sql':
        this.#texts.delete(request.sql_id);
        return { type: 'close_sql' };
      case 'get_autocommit':
        return { type: 'get_autocommit', is_autocommit: !this.#connection.inTransaction };
      case 'close':
        this.drop();
        return { type: 'close' };
    }
  }

  /** Half of a batch, of which the rest never comes. */
  async half(steps: readonly Step[]): Promise<void> {
    await this.#batch(steps.slice(0, Math.max(2, Math.floor(steps.length / 2))));
  }

  /** What was not committed is rolled back. */
  drop(): void {
    if (this.#dropped) return;
    this.#dropped = true;
    this.#note();
    this.#connections.giveBack(this.#connection);
  }

  async #batch(steps: readonly Step[]): Promise<BatchResult> {
    const results: (StmtResult | null)[] = [];
    const errors: (Failure | null)[] = [];
    for (const { condition, stmt } of steps) {
      results.push(null);
      errors.push(null);
      if (condition && !this.#holds(condition, results, errors)) continue;
      try {
        results[results.length - 1] = await this.#execute(stmt);
      } catch (error) {
        const { message, code } = hranaError(error);
        errors[errors.length - 1] = { message, code };
      }
    }
    return { step_results: results, step_errors: errors };
  }

  #holds(condition: Condition, results: readonly (StmtResult | null)[], errors: readonly (Failure | null)[]): boolean {
    switch (condition.type) {
      case 'ok':
        return results[condition.step] != null;
      case 'error':
        return errors[condition.step] != null;
      case 'not':
        return !this.#holds(condition.cond, results, errors);
      case 'and':
        return condition.conds.every((each) => this.#holds(each, results, errors));
      case 'or':
        return condition.conds.some((each) => this.#holds(each, results, errors));
      case 'is_autocommit':
        return !this.#connection.inTransaction;
    }
  }

  async #execute(stmt: Stmt): Promise<StmtResult> {
    const sql = this.#textOf(stmt);
    return this.#whenFree(() => this.#connection.execute(sql, stmt));
  }

  #textOf({ sql, sql_id: id }: { readonly sql?: string | null; readonly sql_id?: number | null }): string {
    const text = sql ?? this.#texts.get(id ?? -1);
    if (text === undefined) throw new HranaError('SQL_NOT_FOUND', `no SQL text is stored under ${id ?? 'no id'}`);
    return text;
  }

  /** The event loop never waits for a lock: another stream may hold it. */
  async #whenFree<T>(act: () => T): Promise<T> {
    for (const since = performance.now(); ;) {
      // Its connection is another's by now.
      if (this.#dropped) throw new HranaError('STREAM_CLOSED', 'the stream was closed');
      if (this.#stolen) {
        this.#stolen = false;
        throw new HranaError('TRANSACTION_TIMEOUT', 'the transaction took too long, and another waited for it');
      }
      try {
        const result = act();
        this.#note();
        return result;
      } catch (error) {
        this.#note();
        if (!isBusy(error)) throw error;
        if (!this.#connection.inTransaction) this.#renew();
        if (performance.now() - since > this.#options.busyMs) throw error;
        this.#rob();
        await new Promise((resolve) => setTimeout(resolve, busyStepMs));
      }
    }
  }

  #renew(): void {
    this.#connections.discard(this.#connection);
    this.#connection = this.#connections.take();
  }

  #note(): void {
    const holders = SqlStream.#holders.get(this.#connections) ?? new Set<SqlStream>();
    SqlStream.#holders.set(this.#connections, holders);
    if (this.#dropped || !this.#connection.inTransaction) {
      this.#begunAt = undefined;
      holders.delete(this);
    } else {
      this.#begunAt ??= performance.now();
      holders.add(this);
    }
  }

  #rob(): void {
    for (const holder of SqlStream.#holders.get(this.#connections) ?? []) {
      if (holder.#begunAt === undefined || performance.now() - holder.#begunAt < this.#options.transactionMs) continue;
      holder.#stolen = true;
      holder.#connection.rollback();
      holder.#note();
    }
  }
}
