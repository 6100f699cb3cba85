import type { EventType, PositionedEvent, RunEvent } from './event.js';
import type { NewRun, Rewind, RunFilter, RunRecord } from './run-record.js';
import type { Statement, UserTransaction } from './statement.js';
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

/**
 * What others than signals put into a run's inbox: a child what it emits and how it ends (`name` is the child's id), anybody a request
 * (`name` is what is asked for). The owner of the run drains it in the order of ids.
 */
export interface Letter extends SignalRecord {
  readonly kind: 'child' | 'control';
}

/** A request of a run that is not one's own. */
export interface NewRequest {
  readonly runId: string;
  readonly name: string;
  readonly payload: string;
  readonly at: number;
}

/** The latest value that a run has published under a name. */
export interface Exposed {
  readonly name: string;
  readonly payload: string;
  /** The run's clock then. */
  readonly at: number;
}

/** What the owner of a run writes in one piece: all of it or nothing. */
export interface RunCommit {
  readonly runId: string;
  readonly link: number;
  /** Dense in `seq`, going on where the journal of the link ends. */
  readonly events: readonly RunEvent[];
  /** Ids of signals and letters that the events consume. */
  readonly consumed?: readonly number[];
  readonly status?: {
    readonly status: RunStatus;
    readonly at: number;
    readonly wakeAt?: number;
    readonly detail?: string;
  };
  /** SQL of the user's own; the event with this `seq` becomes what came of it. */
  readonly transactions?: readonly (UserTransaction & { readonly seq: number })[];
  /** Children that are started. One that is there already is left as it is. */
  readonly children?: readonly NewRun[];
  /** What is asked of children. */
  readonly requests?: readonly NewRequest[];
  /** The close policies of all children that are not at their end are carried out, as of this instant. */
  readonly closesChildrenAt?: number;
  /** Only of those of which an event of the link from this `seq` on tells. */
  readonly closesChildrenSince?: number;
  readonly exposed?: readonly Exposed[];
  /** All versions that the link has chosen. */
  readonly versions?: Readonly<Record<string, number>>;
  /** All places where the link went back. */
  readonly rewinds?: readonly Rewind[];
  /**
   * The link ends, and the next one begins with this input. `unconsumed` are ids of signals whose consumption was skipped: the history
   * that says so ends here.
   */
  readonly next?: {
    readonly input: string;
    readonly at: number;
    readonly version: number;
    readonly unconsumed?: readonly number[];
  };
}

/** A copy of the beginning of a run's present link. */
export interface Fork {
  readonly from: string;
  /** The last event that is copied. */
  readonly to: number;
  readonly run: Omit<NewRun, 'workflow' | 'inputDigest' | 'input' | 'status' | 'parent'>;
}

/** What has just been committed by this process. Events of one change are of one run and dense. */
export type Change =
  | { readonly type: 'events'; readonly events: readonly PositionedEvent[] }
  | { readonly type: 'run'; readonly run: RunRecord }
  | { readonly type: 'signal'; readonly runId: string; readonly signal: SignalRecord }
  | { readonly type: 'letter'; readonly runId: string; readonly letter: Letter }
  | { readonly type: 'consumed'; readonly runId: string; readonly ids: readonly number[] }
  | { readonly type: 'exposed'; readonly runId: string; readonly exposed: Exposed };

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
  /**
   * Creates the run with its `started` event, or answers with the run that already has this id (`created: false`), untouched. Statements
   * of the user's own are run when the run is created, and only if both succeed.
   */
  start(
    run: NewRun,
    statements?: readonly Statement[],
  ): Promise<{ readonly created: boolean; readonly run: RunRecord }>;
  /**
   * Appends to a run that this process owns; answers with the events as they were written. `JOURNAL_FENCED` when another worker has
   * taken over: nothing is written then.
   */
  commit(commit: RunCommit): Promise<readonly RunEvent[]>;
  /** Puts a signal into the mailbox. `RUN_NOT_FOUND`, `RUN_ENDED` when there is nobody to read it. */
  signal(signal: NewSignal): Promise<{ readonly accepted: boolean; readonly signal: SignalRecord }>;
  /**
   * Puts a request into a run's inbox, if its status is one of these; answers with its id, or with `undefined`. `RUN_NOT_FOUND` when there
   * is no such run.
   */
  request(
    request: NewRequest,
    statuses: readonly RunStatus[],
  ): Promise<{ readonly id: number | undefined; readonly run: RunRecord }>;
  /** Copies the beginning of a run into a new, pending one. `RUN_NOT_FOUND`; `created: false` when the id is taken. */
  fork(fork: Fork): Promise<{ readonly created: boolean; readonly run: RunRecord }>;

  run(id: string): Promise<RunRecord | undefined>;
  runs(filter: RunFilter, page: { readonly after?: string; readonly limit: number }): Promise<readonly RunRecord[]>;
  /** Events of one link from `from` (a seq) on, in order, at most `limit`. */
  events(runId: string, link: number, from: number, limit: number): Promise<readonly RunEvent[]>;
  /** The last event of a link, or the last one of a type. */
  last(runId: string, link: number, type?: EventType): Promise<RunEvent | undefined>;
  /** All events of a type, in order. */
  ofType(runId: string, link: number, type: EventType): Promise<readonly RunEvent[]>;
  /** The last output that counts of a link that has completed. */
  lastOutput(runId: string, link: number): Promise<RunEvent | undefined>;
  /** What a run has published, each name's latest. */
  exposed(runId: string): Promise<readonly Exposed[]>;
  /** Events of the whole database after a position, in the order of commits, at most `limit`. */
  tail(after: number, limit: number): Promise<readonly PositionedEvent[]>;
  /** Unconsumed signals of a run, oldest first. */
  mailbox(runId: string): Promise<readonly SignalRecord[]>;
  /** Unconsumed letters of a run that are no signals, oldest first. */
  letters(runId: string): Promise<readonly Letter[]>;
  /** Whether a letter waits to be consumed. */
  isUnread(letterId: number): Promise<boolean>;
  /**
   * Runs of these workflows that have something to do, by priority, then due time: those that have become due by `now`; with
   * `recover` also whatever a predecessor left: pending, running, blocked, or with unread signals or letters.
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
