/**
 * Every error that Tempolite raises on purpose is a `TempoliteError`. Branch on `code`, never on the text: texts are for people
 * and may change, codes are part of the public contract (`docs/errors.md` has a section for each).
 */
export type ErrorCode =
  | 'INVALID_ARGUMENT' // an argument or option is not what its doc asks for
  | 'INVALID_VALUE' // a value cannot be written down (function, symbol, class instance, cycle); has a path
  | 'DECODE_FAILED' // a value does not fit its codec; has a path
  | 'PAYLOAD_KEY_MISSING' // a payload is sealed with a key, or by a codec, that was not given
  | 'PAYLOAD_CORRUPT' // what stands in place of a payload was changed since it was sealed
  | 'PAYLOAD_TOO_LARGE' // an encoded value is larger than `maxPayloadBytes`
  | 'NOT_IN_WORKFLOW' // a durable operator was used where no run's turn is on
  | 'NON_DETERMINISM' // foreign code reached into a run outside its turn
  | 'DIVERGENCE' // the code no longer asks for what the journal holds
  | 'RUN_NOT_FOUND'
  | 'RUN_EXISTS' // the id is taken by a run with another workflow or input
  | 'RUN_ENDED' // the run is terminal and takes no more signals
  | 'RUN_CANCELLED' // the run was cancelled; what its clean-up could not do is in `errors`
  | 'RUN_TERMINATED'
  | 'RUN_TIMEOUT' // the run took longer than the `timeout` of its workflow
  | 'WRONG_STATE' // the run's status does not allow what was asked of it
  | 'CLEANUP_FAILED' // a finalizer gave up, or clean-up ran into its limit; `cause` is what ended the run, if that was an error
  | 'COMPENSATION_FAILED' // compensations of a saga gave up; `cause` is what made it fail, `errors` are theirs
  | 'CHILD_FAILED' // a child failed; `cause` is its error
  | 'CHILD_CANCELLED'
  | 'CHILD_TERMINATED'
  | 'NOT_IN_SAGA' // a step was used outside a saga
  | 'VERSION_OUT_OF_RANGE' // the code no longer has the branch that the run has taken
  | 'WORKFLOW_NOT_REGISTERED'
  | 'ACTIVITY_FAILED' // its last attempt failed; `cause` is the error of that attempt
  | 'ACTIVITY_TIMEOUT'
  | 'RESULT_UNRECORDABLE' // it has taken effect, but its result cannot be written down; `cause` says why
  | 'BUFFER_OVERFLOW' // a stream outran its buffer
  | 'ENGINE_CLOSED'
  | 'JOURNAL_BUSY' // another connection kept the write lock for longer than `busyTimeoutMs`
  | 'JOURNAL_FENCED' // another worker has taken over: this one may not write any more
  | 'JOURNAL_FULL'
  | 'JOURNAL_READ_ONLY'
  | 'JOURNAL_CORRUPT'
  | 'JOURNAL_NEWER' // the file was written by a newer release
  | 'JOURNAL_FAILED' // anything else that the database refused; `cause` has it
  | 'JOURNAL_UNREACHABLE' // the server gave no answer: what was to be written may be there or not
  | 'JOURNAL_DENIED' // the server does not accept the authToken
  | 'JOURNAL_CLOSED'
  | 'TRANSACTION_FAILED' // the user's SQL was refused by the database; `cause` has it, nothing of it was written
  | 'TRANSACTION_ENDED' // the user's SQL ended the journal's transaction (a trigger or constraint with ROLLBACK)
  | 'NOT_ON_A_POOL' // SQL of the user's own, or a database with runs of its own, on a pool of many files
  | 'UNSUPPORTED' // this kind of database cannot do that
  | 'UNSUPPORTED_URL'
  | 'CRASH_DIFFERS'; // a test: a crash changed what a workflow does

export interface TempoliteErrorOptions {
  readonly cause?: unknown;
  /** Where inside a value the fault is, as `order.items[2].price`. */
  readonly path?: string;
}

/** The base class of every error that Tempolite raises on purpose. */
export class TempoliteError extends Error {
  readonly code: ErrorCode;
  readonly path?: string;

  constructor(code: ErrorCode, message: string, options: TempoliteErrorOptions = {}) {
    super(message, 'cause' in options ? { cause: options.cause } : undefined);
    this.name = new.target.name;
    this.code = code;
    if (options.path !== undefined) this.path = options.path;
  }
}

/** A value that cannot be written down or does not fit its codec: `INVALID_VALUE`, `DECODE_FAILED`, `PAYLOAD_TOO_LARGE`. */
export class ValueError extends TempoliteError {}

/** The journal refused: `JOURNAL_*`, `UNSUPPORTED*`, `TRANSACTION_*`, `PAYLOAD_KEY_MISSING`, `PAYLOAD_CORRUPT`, `NOT_ON_A_POOL`. */
export class JournalError extends TempoliteError {}

/**
 * The code does not fit the rules of replay: `NON_DETERMINISM`, `DIVERGENCE`, `NOT_IN_WORKFLOW`, `NOT_IN_SAGA`,
 * `VERSION_OUT_OF_RANGE`. The run is blocked, not failed.
 */
export class DeterminismError extends TempoliteError {}

/** An activity gave up: `ACTIVITY_FAILED`, `ACTIVITY_TIMEOUT`, `RESULT_UNRECORDABLE`, `BUFFER_OVERFLOW`. */
export class ActivityError extends TempoliteError {}

/** How a run ended other than by its own pipeline: `RUN_CANCELLED`, `RUN_TERMINATED`, `RUN_TIMEOUT`, `CLEANUP_FAILED`. */
export class RunError extends TempoliteError {
  /** What clean-up could not do. */
  readonly errors: readonly unknown[];

  constructor(code: ErrorCode, message: string, options: TempoliteErrorOptions & { readonly errors?: unknown[] } = {}) {
    super(code, message, options);
    this.errors = options.errors ?? [];
  }
}

/** A child workflow ended without completing: `CHILD_FAILED`, `CHILD_CANCELLED`, `CHILD_TERMINATED`. */
export class ChildError extends TempoliteError {}

/** A saga that could not be wholly compensated: `COMPENSATION_FAILED`. */
export class SagaError extends TempoliteError {
  /** The errors of the compensations that gave up, in the order in which they were tried. */
  readonly errors: readonly unknown[];

  constructor(code: ErrorCode, message: string, options: TempoliteErrorOptions & { readonly errors: unknown[] }) {
    super(code, message, options);
    this.errors = options.errors;
  }
}

/** A call that the engine cannot serve: `RUN_*`, `WRONG_STATE`, `UNSUPPORTED`, `WORKFLOW_NOT_REGISTERED`, `ENGINE_CLOSED`, `INVALID_ARGUMENT`. */
export class EngineError extends TempoliteError {}
