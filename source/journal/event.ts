/**
 * The events of a run's journal. `payload` is always the JSON text that a codec wrote; the journal never looks into it.
 *
 * Deliveries take a turn of the pipeline: the outcomes of commands. Bookkeeping tells how far a command has come; it is never delivered.
 * Decisions are about the run itself: its start and end, its outputs, and what was asked of it from outside.
 */
export interface EventHeader {
  /** Dense within (run, link), from 0. The order of delivery. */
  readonly seq: number;
  /** The `seq` of the first event of the commit that this event came with. */
  readonly batch: number;
  /** How many rewinds lie behind the place where the command was issued. */
  readonly epoch: number;
  /** The run's logical clock at this event, ms since 1970. Never goes back within a run. */
  readonly at: number;
}

interface OfCommand {
  readonly key: string;
  /** Short digest of the command's input. */
  readonly digest: string;
}

export type Started = { readonly type: 'started'; readonly payload: string };
export type ActivityIntended = OfCommand & { readonly type: 'activity-intended' };
/** `index` is the attempt (from 1); the payload holds error, details and the instant of the next attempt. */
export type ActivityAttemptFailed = OfCommand & {
  readonly type: 'activity-attempt-failed';
  readonly index: number;
  readonly payload: string;
};
export type ActivityHeartbeat = OfCommand & {
  readonly type: 'activity-heartbeat';
  readonly index: number;
  readonly payload: string;
};
/** `index` is the place of the value in the activity's stream, from 0. */
export type ActivityEmitted = OfCommand & {
  readonly type: 'activity-emitted';
  readonly index: number;
  readonly payload: string;
};
/** With a payload: its one value and its completion. Without: the end of a stream. */
export type ActivityCompleted = OfCommand & { readonly type: 'activity-completed'; readonly payload?: string };
/** `index` is the number of attempts made. */
export type ActivityFailed = OfCommand & {
  readonly type: 'activity-failed';
  readonly index: number;
  readonly payload: string;
};
export type SideEffectRecorded = OfCommand & { readonly type: 'side-effect-recorded'; readonly payload: string };
/** `index` is the id of the consumed signal in the inbox. */
export type SignalReceived = OfCommand & {
  readonly type: 'signal-received';
  readonly index: number;
  readonly payload: string;
};
/** `index` is the instant at which it was due. */
export type TimerFired = OfCommand & { readonly type: 'timer-fired'; readonly index: number };
/** `payload` has what each statement gave. It was written in the very transaction that ran them. */
export type TransactionCommitted = OfCommand & { readonly type: 'transaction-committed'; readonly payload: string };
export type TransactionFailed = OfCommand & { readonly type: 'transaction-failed'; readonly payload: string };
/** `index` is the version that was chosen. */
export type VersionChosen = OfCommand & { readonly type: 'version-chosen'; readonly index: number };
/** `index` counts the children that the command has had: a new one is started when a retry finds the last one closed. */
export type ChildStarted = OfCommand & { readonly type: 'child-started'; readonly index: number };
/** The child has been asked to go on from where it failed. */
export type ChildReplayed = OfCommand & { readonly type: 'child-replayed'; readonly index: number };
/** Nobody listens to the child any more: its close policy was carried out. */
export type ChildClosed = OfCommand & { readonly type: 'child-closed'; readonly index: number };
/** `index` is the place of the output among all outputs of the child. */
export type ChildEmitted = OfCommand & {
  readonly type: 'child-emitted';
  readonly index: number;
  readonly payload: string;
};
export type ChildCompleted = OfCommand & { readonly type: 'child-completed' };
export type ChildFailed = OfCommand & { readonly type: 'child-failed'; readonly payload: string };
/** `index` counts the outputs of the link, from 0. */
export type OutputEmitted = {
  readonly type: 'output-emitted';
  readonly index: number;
  readonly digest: string;
  readonly payload: string;
};
/** `index` is the number of outputs. */
export type RunCompleted = { readonly type: 'run-completed'; readonly index?: number };
/** `index` is the `seq` of the event from which on a retry goes another way: the recorded failure where it began. */
export type RunFailed = { readonly type: 'run-failed'; readonly index?: number; readonly payload: string };
export type RunCancelled = { readonly type: 'run-cancelled'; readonly payload: string };
export type RunTerminated = { readonly type: 'run-terminated'; readonly payload: string };
/** The end of the link; `payload` is the input of the next one. */
export type RunContinued = { readonly type: 'run-continued'; readonly payload: string };
/** Takes a turn, in which the pipeline is unsubscribed from. */
export type CancelRequested = { readonly type: 'cancel-requested' };
export type RunPaused = { readonly type: 'run-paused' };
/** `payload` is the request that it is done for, if that is not `resume`: what has been asked for since the pause is not begun. */
export type RunResumed = { readonly type: 'run-resumed'; readonly payload?: 'cancel' };
/** A saga begins to undo its steps. `index` is the `seq` of the event in whose turn it began, `payload` says which saga it is. */
export type SagaCompensated = { readonly type: 'saga-compensated'; readonly index: number; readonly payload: string };
/** Events from `index` on no longer count, but for the successes of commands that had been issued before it. */
export type RunRetried = { readonly type: 'run-retried'; readonly index: number };
/** Events after `index` no longer count. */
export type RunRewound = { readonly type: 'run-rewound'; readonly index: number };
/** What came before was copied from another run, whose id is the payload. */
export type RunForked = { readonly type: 'run-forked'; readonly payload: string };

export type Delivery =
  | ActivityEmitted
  | ActivityCompleted
  | ActivityFailed
  | SideEffectRecorded
  | SignalReceived
  | TimerFired
  | TransactionCommitted
  | TransactionFailed
  | VersionChosen
  | ChildEmitted
  | ChildCompleted
  | ChildFailed;
export type Bookkeeping =
  ActivityIntended | ActivityAttemptFailed | ActivityHeartbeat | ChildStarted | ChildReplayed | ChildClosed;
/** The end of a link's history, but for late successes and going back. */
export type End = RunCompleted | RunFailed | RunCancelled | RunTerminated | RunContinued;
export type Decision =
  | Started
  | OutputEmitted
  | End
  | CancelRequested
  | RunPaused
  | RunResumed
  | SagaCompensated
  | RunRetried
  | RunRewound
  | RunForked;

export type EventBody = Delivery | Bookkeeping | Decision;
export type EventType = EventBody['type'];

/** One row of a run's journal. */
export type RunEvent = EventHeader & EventBody;

const ends: ReadonlySet<EventType> = new Set<End['type']>([
  'run-completed',
  'run-failed',
  'run-cancelled',
  'run-terminated',
  'run-continued',
]);

export const isEnd = (event: RunEvent): event is RunEvent & End => ends.has(event.type);

/** An event as the whole database sees it: with its run, its link and its place in the order of commits. */
export interface PositionedEvent {
  readonly position: number;
  readonly runId: string;
  readonly link: number;
  readonly event: RunEvent;
}
