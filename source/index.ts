// client: open a database, start runs, watch them
export { Tempolite, type EngineOptions, type TempoliteOptions, type TempolitePoolOptions } from './client/tempolite.js';
export type { CheckOptions, Finding } from './client/check.js';
export type { PruneOptions, PruneProgress } from './client/prune.js';
export type { ExportOptions } from './client/run-archive.js';
export type { StartOptions } from './client/starts.js';
export { Run, type SignalOptions } from './client/run-handle.js';
export type { ForkOptions, RetryOptions } from './client/run-history.js';

// operators: the durable language
export { activity } from './operators/activity.js';
export {
  defineActivity,
  type ActivityCodecs,
  type ActivityDefinition,
  type ActivityOptions,
} from './operators/activity-definition.js';
export { awaitSignal, signals } from './operators/await-signal.js';
export { childWorkflow, type ChildOptions, type ChildWorkflowOptions } from './operators/child-workflow.js';
export { compensate } from './operators/compensate.js';
export { continueAsNew, type ContinueOptions } from './operators/continue-as-new.js';
export { execute } from './operators/execute.js';
export { expose } from './operators/expose.js';
export { finalizeWith } from './operators/finalize-with.js';
export { fromTaskEither } from './operators/from-task-either.js';
export { getVersion } from './operators/get-version.js';
export { now } from './operators/now.js';
export { saga } from './operators/saga.js';
export { scoped, type Scope } from './operators/scoped.js';
export { sideEffect } from './operators/side-effect.js';
export { defineSignal } from './operators/signal-definition.js';
export { sleep, sleepUntil } from './operators/sleep.js';
export { step, type Compensation, type Effect, type StepOptions } from './operators/step.js';
export { transaction, type TransactionResult } from './operators/transaction.js';
export { versioned } from './operators/versioned.js';
export { workflow, type Pipeline, type WorkflowOptions } from './operators/workflow.js';

// run: what operators and engine share
export type { ActivityContext, ActivityFunction, ActivityObject, Emitted, ExecutionOptions } from './run/activity.js';
export type { ClosePolicy } from './run/command.js';
export { wallClock, type Clock } from './run/clock.js';
export { DivergenceError } from './run/divergence.js';
export type { Logger } from './run/logger.js';
export type { SignalDefinition } from './run/signal.js';
export type { AnyWorkflow, WorkflowDefinition } from './run/workflow.js';

// engine: the limits
export type { WorkerOptions } from './engine/options.js';

// observe: what can be watched
export type { RunState } from './observe/reduce-state.js';

// journal: events and records
export type { EventType, PositionedEvent, RunEvent } from './journal/event.js';
export type { Rewind, RunFilter, RunRecord } from './journal/run-record.js';
export type { SqlValue, Statement, StatementResult } from './journal/statement.js';
export { isTerminal, statuses, type RunStatus, type TerminalStatus } from './journal/status.js';
export type { JournalOptions } from './journal/libsql/open-journal.js';
export type { PoolOptions, RotatingOptions, ShardedOptions } from './journal/libsql/pool/open-pool.js';
export { strandOf } from './journal/strands.js';
export { compress, type CompressOptions } from './journal/payloads/compress.js';
export { encrypt, type EncryptOptions } from './journal/payloads/encrypt.js';
export type { PayloadCodec, Sealed } from './journal/payloads/payload-codec.js';

// values and errors
export { defaultCodec, type Codec } from './values/codec.js';
export { duration, type Duration } from './values/duration.js';
export type { RetryPolicy } from './values/retry-policy.js';
export {
  ActivityError,
  ChildError,
  DeterminismError,
  EngineError,
  JournalError,
  RunError,
  SagaError,
  TempoliteError,
  ValueError,
  type ErrorCode,
} from './errors.js';
