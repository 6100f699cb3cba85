/** What Hrana 2 says in JSON, as far as @libsql/client says it: https://github.com/tursodatabase/libsql/blob/main/docs/HRANA_2_SPEC.md */

export type Value =
  | { readonly type: 'null' }
  | { readonly type: 'integer'; readonly value: string }
  | { readonly type: 'float'; readonly value: number }
  | { readonly type: 'text'; readonly value: string }
  | { readonly type: 'blob'; readonly base64: string };

export interface Stmt {
  readonly sql?: string | null;
  readonly sql_id?: number | null;
  readonly args?: readonly Value[];
  readonly named_args?: readonly { readonly name: string; readonly value: Value }[];
  readonly want_rows?: boolean | null;
}

export interface StmtResult {
  readonly cols: readonly { readonly name: string; readonly decltype: string | null }[];
  readonly rows: readonly (readonly Value[])[];
  readonly affected_row_count: number;
  readonly last_insert_rowid: string | null;
}

export type Condition =
  | { readonly type: 'ok' | 'error'; readonly step: number }
  | { readonly type: 'not'; readonly cond: Condition }
  | { readonly type: 'and' | 'or'; readonly conds: readonly Condition[] }
  | { readonly type: 'is_autocommit' };

export interface Step {
  readonly condition?: Condition | null;
  readonly stmt: Stmt;
}

export interface Failure {
  readonly message: string;
  readonly code: string;
}

export interface BatchResult {
  readonly step_results: readonly (StmtResult | null)[];
  readonly step_errors: readonly (Failure | null)[];
}

/** What is asked of a stream. Over a web socket `stream_id` says of which. */
export type StreamRequest =
  | { readonly type: 'execute'; readonly stmt: Stmt }
  | { readonly type: 'batch'; readonly batch: { readonly steps: readonly Step[] } }
  | { readonly type: 'sequence'; readonly sql?: string | null; readonly sql_id?: number | null }
  | { readonly type: 'store_sql'; readonly sql_id: number; readonly sql: string }
  | { readonly type: 'close_sql'; readonly sql_id: number }
  | { readonly type: 'get_autocommit' }
  | { readonly type: 'close' };

export type StreamResponse =
  | { readonly type: 'execute'; readonly result: StmtResult }
  | { readonly type: 'batch'; readonly result: BatchResult }
  | { readonly type: 'get_autocommit'; readonly is_autocommit: boolean }
  | { readonly type: 'sequence' | 'store_sql' | 'close_sql' | 'close' };

export type Outcome =
  { readonly type: 'ok'; readonly response: StreamResponse } | { readonly type: 'error'; readonly error: Failure };

/** The body of `POST /v2/pipeline`. */
export interface Pipeline {
  readonly baton?: string | null;
  readonly requests: readonly StreamRequest[];
}

export type SocketRequest =
  | { readonly type: 'open_stream'; readonly stream_id: number }
  | { readonly type: 'close_stream'; readonly stream_id: number }
  | (Exclude<StreamRequest, { type: 'close' }> & { readonly stream_id?: number });

export type SocketMessage =
  | { readonly type: 'hello'; readonly jwt: string | null }
  | { readonly type: 'request'; readonly request_id: number; readonly request: SocketRequest };

/** An error that the client is told of. */
export class HranaError extends Error {
  readonly code: string;

  constructor(code: string, message: string) {
    super(message);
    this.code = code;
  }
}
