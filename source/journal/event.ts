/**
 * The events of a run's journal. `payload` is always the JSON text that a codec wrote; the journal never looks into it.
 *
 * Deliveries (they take a turn of the pipeline): `activity-emitted`, `activity-completed`, `activity-failed`,
 * `side-effect-recorded`, `signal-received`, `timer-fired`. Bookkeeping (never delivered): `activity-intended`,
 * `activity-attempt-failed`, `activity-heartbeat`. Decisions: `started`, `output-emitted`, `run-completed`, `run-failed`.
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
/** `index` counts the outputs of the link, from 0. */
export type OutputEmitted = {
  readonly type: 'output-emitted';
  readonly index: number;
  readonly digest: string;
  readonly payload: string;
};
export type RunCompleted = { readonly type: 'run-completed' };
export type RunFailed = { readonly type: 'run-failed'; readonly payload: string };

export type Delivery =
  ActivityEmitted | ActivityCompleted | ActivityFailed | SideEffectRecorded | SignalReceived | TimerFired;
export type Bookkeeping = ActivityIntended | ActivityAttemptFailed | ActivityHeartbeat;
export type Decision = Started | OutputEmitted | RunCompleted | RunFailed;

export type EventBody = Delivery | Bookkeeping | Decision;
export type EventType = EventBody['type'];

/** One row of a run's journal. */
export type RunEvent = EventHeader & EventBody;

/** An event as the whole database sees it: with its run, its link and its place in the order of commits. */
export interface PositionedEvent {
  readonly position: number;
  readonly runId: string;
  readonly link: number;
  readonly event: RunEvent;
}
