import type { PositionedEvent, RunEvent } from './event.js';
import type { NewRun, RunFilter, RunRecord } from './run-record.js';
import type { RunStatus } from './status.js';

/** A signal in a run's mailbox. Ids grow in the order of arrival, over all runs. */
export interface SignalRecord {
  readonly id: number;
  readonly name: string;
  readonly payload: string;
  /** When it was published, ms since 1970. */
  readonly at: number;
}

export interface NewSignal {
  readonly runId: string;
  readonly name: string;
  readonly payload: string;
  readonly at: number;
  /** The same key for the same run and name counts once. */
  readonly idempotencyKey?: string;
}

/** What the owner of a run writes in one piece: all of it or nothing. */
export interface RunCommit {
  readonly runId: string;
  readonly link: number;
  /** Dense in `seq`, going on where the journal of the link ends. */
  readonly events: readonly RunEvent[];
  /** Ids of signals that the events consume. */
  readonly consumed?: readonly number[];
  readonly status?: {
    readonly status: RunStatus;
    readonly at: number;
    readonly wakeAt?: number;
    readonly detail?: string;
  };
}

/** What has just been committed by this process. Events of one change are of one run and dense. */
export type Change =
  | { readonly type: 'events'; readonly events: readonly PositionedEvent[] }
  | { readonly type: 'run'; readonly run: RunRecord }
  | { readonly type: 'signal'; readonly runId: string; readonly signal: SignalRecord };

export interface Worker {
  readonly id: string;
  /** Grows with each worker that takes the database. */
  readonly fence: number;
}

/**
 * The port to the database, in domain words. Each writing method answers when its commit has returned; whatever is asked for
 * within one macrotask shares a transaction, and what one caller did wrong fails that caller alone.
 */
export interface Journal {
  /** Creates the run with its `started` event, or answers with the run that already has this id (`created: false`), untouched. */
  start(run: NewRun): Promise<{ readonly created: boolean; readonly run: RunRecord }>;
  /** Appends to a run that this process owns. `JOURNAL_FENCED` when another worker has taken over: nothing is written then. */
  commit(commit: RunCommit): Promise<void>;
  /** Puts a signal into the mailbox. `RUN_NOT_FOUND`, `RUN_ENDED` when there is nobody to read it. */
  signal(signal: NewSignal): Promise<{ readonly accepted: boolean; readonly signal: SignalRecord }>;

  run(id: string): Promise<RunRecord | undefined>;
  runs(filter: RunFilter, page: { readonly after?: string; readonly limit: number }): Promise<readonly RunRecord[]>;
  /** Events of one link from `from` (a seq) on, in order, at most `limit`. */
  events(runId: string, link: number, from: number, limit: number): Promise<readonly RunEvent[]>;
  lastOutput(runId: string, link: number): Promise<RunEvent | undefined>;
  /** Events of the whole database after a position, in the order of commits, at most `limit`. */
  tail(after: number, limit: number): Promise<readonly PositionedEvent[]>;
  /** Unconsumed signals of a run, oldest first. */
  mailbox(runId: string): Promise<readonly SignalRecord[]>;
  /**
   * Runs of these workflows that have something to do, by priority, then due time: those that have become due by `now`; with
   * `recover` also whatever a predecessor left: pending, running, blocked, or with unread signals.
   */
  claimable(now: number, workflows: readonly string[], recover: boolean): Promise<readonly RunRecord[]>;
  /** The earliest `wakeAt` after `now` of pending and waiting runs. */
  nextWake(now: number): Promise<number | undefined>;

  /** Takes the database for a worker; `DATABASE_IN_USE` when a live one holds it. */
  acquire(worker: { readonly id: string; readonly now: number; readonly leaseMs: number }): Promise<Worker>;
  /** Prolongs the lease; `JOURNAL_FENCED` when it was taken over. */
  renew(now: number, leaseMs: number): Promise<void>;
  release(): Promise<void>;

  /** Calls back after each commit of this process, in the order of commits, before the promises of that commit settle. */
  subscribe(listener: (changes: readonly Change[]) => void): () => void;
  close(): Promise<void>;
}
