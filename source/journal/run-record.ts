import type { RunStatus } from './status.js';

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
  /** JSON text: the failure of a `failed` run, the difference of a `blocked` one. */
  readonly detail?: string;
}

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
  /** The input, encoded: the payload of the `started` event (seq 0, link 0), written in the same commit. */
  readonly input: string;
}

/** What may be asked of the list of runs; all that is given must hold. Ordered by creation (position), oldest first. */
export interface RunFilter {
  readonly workflow?: string;
  readonly status?: RunStatus | readonly RunStatus[];
  readonly tags?: Readonly<Record<string, string>>;
}
