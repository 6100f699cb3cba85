import type { RunStatus } from './status.js';

/** A decision that goes back in the history of a link. */
export interface Rewind {
  /** The `seq` of the decision. */
  readonly seq: number;
  /** Events from here up to the decision no longer count. */
  readonly from: number;
  /** Whether the successes among them count all the same, where their commands had been issued before `from`. */
  readonly keepsSuccesses: boolean;
  /** Sagas that were compensated in that part: their steps are never reused. `since` is the `seq` in whose turn they began. */
  readonly sagas: readonly { readonly key: string; readonly since: number }[];
  /** Whether a retry policy decided. */
  readonly automatic: boolean;
  readonly at: number;
}

/** What the journal knows about a run beside its events. Instants are ms since 1970. */
export interface RunRecord {
  readonly id: string;
  readonly workflow: string;
  readonly version: number;
  readonly status: RunStatus;
  readonly link: number;
  /** Higher first. */
  readonly priority: number;
  readonly tags: Readonly<Record<string, string>>;
  readonly inputDigest: string;
  readonly createdAt: number;
  readonly updatedAt: number;
  /** The instant at which there is something to do again, when `pending` or `waiting`. */
  readonly wakeAt?: number;
  /** Who started it, and by which command. */
  readonly parent?: { readonly runId: string; readonly key: string };
  /** The versions that this link has chosen, by change. */
  readonly versions?: Readonly<Record<string, number>>;
  /** Where this link went back, in the order of the journal. */
  readonly rewinds?: readonly Rewind[];
  /** The worker whose it is. */
  readonly worker?: string;
  /** JSON text: the failure of a `failed` run, the difference of a `blocked` one. */
  readonly detail?: string;
}

/** It has failed, and waits for its retry: while it does, its failure is its detail. */
export const waitsForRetry = ({ status, detail }: RunRecord): boolean => status === 'waiting' && detail !== undefined;

/** It was started for later, or waits for its retry, and nothing may happen before that instant. */
export const isEarly = (record: RunRecord, now: number): boolean =>
  (record.status === 'pending' || waitsForRetry(record)) && (record.wakeAt ?? 0) > now;

export interface NewRun {
  readonly id: string;
  readonly workflow: string;
  readonly version: number;
  /** `running` when the worker that starts it also executes it right away; then it is that worker's. */
  readonly status: 'pending' | 'running';
  readonly priority: number;
  readonly tags: Readonly<Record<string, string>>;
  readonly inputDigest: string;
  readonly createdAt: number;
  readonly wakeAt?: number;
  readonly parent?: { readonly runId: string; readonly key: string };
  /** What is asked of a child when its parent is terminated. */
  readonly onClose?: 'cancel' | 'terminate' | 'abandon';
  /** The input, encoded: the payload of the `started` event (seq 0, link 0), written in the same commit. */
  readonly input: string;
}

/** What may be asked of the list of runs; all that is given must hold. Ordered by creation (position), oldest first. */
export interface RunFilter {
  readonly workflow?: string;
  readonly status?: RunStatus | readonly RunStatus[];
  readonly tags?: Readonly<Record<string, string>>;
  /** The id of the run whose children these are. */
  readonly parent?: string;
}
