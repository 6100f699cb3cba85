// client: open a database, start runs, watch them
export { Tempolite, type StartOptions, type TempoliteOptions } from './client/tempolite.js';
export { Run, type SignalOptions } from './client/run-handle.js';

// operators: the durable language
export { activity } from './operators/activity.js';
export {
  defineActivity,
  type ActivityCodecs,
  type ActivityDefinition,
  type ActivityOptions,
} from './operators/activity-definition.js';
export { awaitSignal, signals } from './operators/await-signal.js';
export { execute } from './operators/execute.js';
export { now } from './operators/now.js';
export { scoped, type Scope } from './operators/scoped.js';
export { sideEffect } from './operators/side-effect.js';
export { defineSignal } from './operators/signal-definition.js';
export { sleep, sleepUntil } from './operators/sleep.js';
export { workflow, type Pipeline, type WorkflowOptions } from './operators/workflow.js';

// run: what operators and engine share
export type { ActivityContext, ActivityFunction, ActivityObject, Emitted, ExecutionOptions } from './run/activity.js';
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
export type { RunFilter, RunRecord } from './journal/run-record.js';
export { isTerminal, statuses, type RunStatus } from './journal/status.js';
export type { JournalOptions } from './journal/libsql/open-journal.js';

// values and errors
export { defaultCodec, type Codec } from './values/codec.js';
export { duration, type Duration } from './values/duration.js';
export type { RetryPolicy } from './values/retry-policy.js';
export {
  ActivityError,
  DeterminismError,
  EngineError,
  JournalError,
  TempoliteError,
  ValueError,
  type ErrorCode,
} from './errors.js';
