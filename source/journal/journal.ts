import type { Care, FileCare } from './care.js';
import type { EventType, PositionedEvent, RunEvent } from './event.js';
import type { Exposed } from './exposed.js';
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
 * What a run that waits for a signal makes of it at once; it has not happened before the answer to the signal has `events`. `before` is the id of the
 * latest letter that came before the signal, counts with it (a request, what a child has written, one of its name) and is not consumed.
 */
export type Reply = (signal: SignalRecord, before: number | undefined) => RunCommit | undefined;

export interface Signalled {
  /** Not, if there was one with its `idempotencyKey`. */
  readonly accepted: boolean;
  readonly signal: SignalRecord;
  /** Those of the reply, as they were written with it. */
  readonly events?: readonly RunEvent[];
}

/**
 * What others than signals put into a run's inbox: a child what it emits and how it ends (`name` is the child's id), anybody a request
 * (`name` is what is asked for). The owner of the run drains it in the order of ids.
 */
export interface Letter extends SignalRecord {
  readonly kind: 'child' | 'control';
}

/** What waits for a run, each oldest first. */
export interface Inbox {
  readonly signals: readonly SignalRecord[];
  readonly letters: readonly Letter[];
}

/** A request of a run that is not one's own. */
export interface NewRequest {
  readonly runId: string;
  readonly name: string;
  readonly payload: string;
  readonly at: number;
}

/** Whose close policies are carried out, as of an instant. Children that are at their end are left alone. */
export interface Closing {
  readonly at: number;
  /** Those of which an event of the link from this `seq` on tells; from 0 on: all. */
  readonly since?: number;
  /** These, by their ids. */
  readonly children?: readonly string[];
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
    /** The run is nobody's from then on, and whoever knows its workflow may claim it. So is one that has ended or is blocked. */
    readonly frees?: boolean;
  };
  /** SQL of the user's own; the event with this `seq` becomes what came of it. */
  readonly transactions?: readonly (UserTransaction & { readonly seq: number })[];
  /** Children that are started. One that is there already is left as it is. */
  readonly children?: readonly NewRun[];
  /** What is asked of children. */
  readonly requests?: readonly NewRequest[];
  readonly closes?: Closing;
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
  /** Which link is meant: nothing is copied (`INVALID_ARGUMENT`) if the run has gone on to another one. Default: whichever it is. */
  readonly link?: number;
  /** The last event that is copied. */
  readonly to: number;
  readonly run: Omit<NewRun, 'workflow' | 'inputDigest' | 'input' | 'status' | 'parent'>;
}

/** The run that has an id, and whether it was created by this call. */
export interface Started {
  readonly created: boolean;
  readonly run: RunRecord;
}

/** Which part of a list of runs. */
export interface RunPage {
  /** Behind the run with this id. */
  readonly after?: string;
  readonly limit: number;
  readonly busy?: boolean;
}

/** What has come in for a run. */
export interface News {
  readonly runId: string;
  readonly letter: SignalRecord | Letter;
}

/** Which of nobody's runs a worker takes. */
export interface Claim {
  /** What is due then counts. */
  readonly now: number;
  /** What the worker is able to execute. */
  readonly workflows: readonly { readonly name: string; readonly version: number }[];
  readonly limit: number;
  /** Blocked ones as well: they are tried again with today's code. */
  readonly blocked?: boolean;
}

/**
 * What has just been committed by this process. Events of one change are of one run and dense. `foreign`: others have written, so that
 * who watches something reads it again.
 */
export type Change =
  | { readonly type: 'foreign' }
  | { readonly type: 'events'; readonly events: readonly PositionedEvent[] }
  | { readonly type: 'run'; readonly run: RunRecord }
  | { readonly type: 'signal'; readonly runId: string; readonly signal: SignalRecord }
  | { readonly type: 'letter'; readonly runId: string; readonly letter: Letter }
  | { readonly type: 'consumed'; readonly runId: string; readonly ids: readonly number[] }
  | { readonly type: 'exposed'; readonly runId: string; readonly exposed: Exposed };

/** A worker's right to write for its runs: it lasts as long as its row does. */
export interface Worker {
  readonly id: string;
  /** Grows with each worker of the database. */
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
  start(run: NewRun, statements?: readonly Statement[]): Promise<Started>;
  /**
   * Appends to a run that is this worker's, or nobody's and becomes this worker's by it; answers with the events as they were written.
   * `JOURNAL_FENCED` when it is another's, or another has taken over from this worker: nothing is written then.
   */
  commit(commit: RunCommit): Promise<readonly RunEvent[]>;
  /**
   * Puts a signal into the mailbox. `RUN_NOT_FOUND`, `RUN_ENDED` when there is nobody to read it. Where that is possible, `reply` is asked within
   * the transaction, once at most, for what this worker commits with it. When that is refused, the signal is stored alone.
   */
  signal(signal: NewSignal, reply?: Reply): Promise<Signalled>;
  /**
   * Puts a request into a run's inbox, if its status is one of `statuses`, or one of `behind` and another request waits there to be
   * decided; answers with its id, or with `undefined`. `RUN_NOT_FOUND` when there is no such run.
   */
  request(
    request: NewRequest,
    statuses: readonly RunStatus[],
    behind?: readonly RunStatus[],
  ): Promise<{ readonly id: number | undefined; readonly run: RunRecord }>;
  /** Copies the beginning of a run into a new, pending one. `RUN_NOT_FOUND`; `created: false` when the id is taken. */
  fork(fork: Fork): Promise<Started>;

  run(id: string): Promise<RunRecord | undefined>;
  /** Whether it is known without asking that a run is executed by this process; when it ends, that is heard. `false` says nothing. */
  isRunningHere?(id: string): boolean;
  /** Of a pool with `busy`: only those in whose files something may have happened of late. */
  runs(filter: RunFilter, page: RunPage): Promise<readonly RunRecord[]>;
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
  /** Where ids of events and letters begin in a pool: the strand of each of its files. A database without it has one strand, 0. */
  strands?(which: 'all' | 'busy'): Promise<readonly number[]>;
  /** Events after a position, of the strand that it is in, in the order of commits, at most `limit`. */
  tail(after: number, limit: number): Promise<readonly PositionedEvent[]>;
  /** What has come in for a run and is not consumed; and the signals with these ids, whatever became of them. */
  inbox(runId: string, signals?: readonly number[]): Promise<Inbox>;
  /** Whether a letter waits to be consumed. */
  isUnread(letterId: number): Promise<boolean>;
  /** Unread mail behind an id, of the strand that it is in, of runs that are this worker's or nobody's, in the order of ids, at most `limit`. */
  news(after: number, limit: number): Promise<readonly News[]>;
  /** The earliest `wakeAt` after `now` of pending and waiting runs that are this worker's or nobody's. */
  nextWake(now: number): Promise<number | undefined>;
  /** The runs that are this worker's and wait neither for an instant nor for mail: running, or pending at once. */
  owned(): Promise<readonly string[]>;

  /** Becomes a worker, beside others; the one that this journal was before is gone then. */
  acquire(worker: { readonly id: string; readonly leaseMs: number }): Promise<Worker>;
  /** Prolongs the lease; `JOURNAL_FENCED` when it ran out and others have taken over. */
  renew(leaseMs: number): Promise<void>;
  /** Ceases to be a worker; its runs are nobody's. */
  release(): Promise<void>;
  /**
   * Takes their right from workers whose lease is over, or whose process is known to be gone: their runs are nobody's. Answers whether
   * any other worker is gone, in this way or by itself, since it was last asked.
   */
  expire(): Promise<boolean>;
  /**
   * Makes nobody's runs this worker's that are running, or pending or waiting and due, by priority, then due time; answers with them and
   * with its own that have become due. A run stays its worker's until it has ended or is blocked, or its worker is gone. Whatever else has
   * something to do has mail.
   */
  claim(claim: Claim): Promise<readonly RunRecord[]>;
  /** Makes a run this worker's, whatever it is or only if it goes on; `undefined` when it is another's, or there is none such. */
  claimRun(runId: string, onlyOpen?: boolean): Promise<RunRecord | undefined>;

  readonly care: Care;
  /** Of a database that is a file of this machine. */
  readonly file?: FileCare;

  /** Calls back after each commit of this process, in the order of commits, before the promises of that commit settle. */
  subscribe(listener: (changes: readonly Change[]) => void): () => void;
  close(): Promise<void>;
}
