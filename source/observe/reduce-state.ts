import type { RunEvent } from '../journal/event.js';
import type { RunRecord } from '../journal/run-record.js';
import type { RunStatus } from '../journal/status.js';
import type { Codec } from '../values/codec.js';
import { decodeFailure } from '../values/failure.js';

/** A run as one can watch it. Instants are ms since 1970. */
export interface RunState<O = unknown> {
  readonly runId: string;
  readonly workflow: string;
  readonly version: number;
  /** Counts the histories of the run: `continueAsNew` begins the next one. The counts below are of the present one. */
  readonly link: number;
  readonly status: RunStatus;
  readonly createdAt: number;
  /** The run's clock at its last event. */
  readonly clock: number;
  /** Events in the journal of this link. */
  readonly events: number;
  /** Activities that were completed, have failed for good, and failed attempts. */
  readonly activities: { readonly completed: number; readonly failed: number; readonly attemptsFailed: number };
  readonly signals: number;
  readonly timers: number;
  /** Children that were started. */
  readonly children: number;
  readonly outputs: number;
  /** The last output. */
  readonly output?: O;
  /** The step of the last event that has one. */
  readonly lastStep?: string;
  /** When it waits: the instant at which it goes on by itself. */
  readonly wakeAt?: number;
  /** Of a failed run its error, of a blocked one the difference. */
  readonly error?: unknown;
}

const nothingYet = {
  events: 0,
  activities: { completed: 0, failed: 0, attemptsFailed: 0 },
  signals: 0,
  timers: 0,
  children: 0,
  outputs: 0,
} as const;

export const initialState = <O>(record: RunRecord): RunState<O> => ({
  runId: record.id,
  workflow: record.workflow,
  version: record.version,
  status: 'pending',
  createdAt: record.createdAt,
  clock: record.createdAt,
  link: record.link,
  ...nothingYet,
});

/** The state after one more event. Pure. */
export const reduceEvent = <O>(state: RunState<O>, event: RunEvent, output: Codec<O>): RunState<O> => {
  const next: RunState<O> = {
    ...state,
    events: event.seq + 1,
    clock: Math.max(state.clock, event.at),
    ...('key' in event ? { lastStep: event.key } : {}),
  };
  const { activities } = state;
  switch (event.type) {
    case 'activity-completed':
      return { ...next, activities: { ...activities, completed: activities.completed + 1 } };
    case 'activity-failed':
      return { ...next, activities: { ...activities, failed: activities.failed + 1 } };
    case 'activity-attempt-failed':
      return { ...next, activities: { ...activities, attemptsFailed: activities.attemptsFailed + 1 } };
    case 'signal-received':
      return { ...next, signals: state.signals + 1 };
    case 'timer-fired':
      return { ...next, timers: state.timers + 1 };
    case 'output-emitted':
      return { ...next, outputs: event.index + 1, output: output.decode(event.payload) };
    case 'child-started':
      return { ...next, children: state.children + 1 };
    case 'run-completed':
      return { ...next, status: 'completed' };
    case 'run-failed':
      return { ...next, error: decodeFailure(event.payload) };
    case 'run-cancelled':
      return { ...next, status: 'cancelled', error: decodeFailure(event.payload) };
    case 'run-terminated':
      return { ...next, status: 'terminated', error: decodeFailure(event.payload) };
    case 'run-continued':
      return { ...next, ...nothingYet, link: state.link + 1 };
    case 'run-retried':
    case 'run-rewound': {
      const { error: _, ...rest } = next;
      return rest;
    }
    case 'started':
    case 'activity-emitted':
    case 'activity-intended':
    case 'activity-heartbeat':
    case 'side-effect-recorded':
    case 'transaction-committed':
    case 'transaction-failed':
    case 'version-chosen':
    case 'child-replayed':
    case 'child-closed':
    case 'child-emitted':
    case 'child-completed':
    case 'child-failed':
    case 'cancel-requested':
    case 'saga-compensated':
    case 'run-paused':
    case 'run-resumed':
    case 'run-forked':
      return next;
  }
};

/** The state after the run's record has changed. Pure. */
export const reduceRecord = <O>(state: RunState<O>, record: RunRecord): RunState<O> => {
  const { wakeAt: _, error: __, ...rest } = state;
  return {
    ...rest,
    status: record.status,
    ...(record.wakeAt === undefined ? {} : { wakeAt: record.wakeAt }),
    ...(record.detail === undefined ? {} : { error: decodeFailure(record.detail) }),
  };
};
