import type { Delivery } from '../journal/event.js';
import type { ActivityTask } from './activity.js';

interface CommandSpecBase {
  readonly name: string;
  /** Short digest of the input: a replay that asks with another one has diverged. */
  readonly digest: string;
  /** Takes the record of the command into the pipeline. Called within the run's turn, once for each of its events. */
  readonly deliver: (event: Delivery) => void;
}

/** What a durable operator asks of its run for one upstream value: do this, or give me its record. */
export type CommandSpec =
  | (CommandSpecBase & { readonly kind: 'activity'; readonly task: ActivityTask })
  /** `compute` answers with the encoded value. */
  | (CommandSpecBase & { readonly kind: 'sideEffect'; readonly compute: () => string })
  | (CommandSpecBase & { readonly kind: 'signal' })
  | (CommandSpecBase & { readonly kind: 'timer' | 'sleep'; readonly due: number });

export type CommandKind = CommandSpec['kind'];

/** What has been recorded of a command before its end; a relaunch goes on from here. */
export interface Progress {
  /** Failed attempts so far. */
  readonly attempts: number;
  /** The instant of the next attempt, when the last one failed. */
  readonly retryAt?: number;
  /** The last recorded heartbeat details, encoded. */
  readonly details?: string;
  /** Values of a stream that are recorded, and the last of them, encoded. */
  readonly emitted: number;
  readonly last?: string;
}

export const noProgress: Progress = { attempts: 0, emitted: 0 };

/**
 * A command that has been issued.
 *
 * ```
 * pending ──► settled     its last event was delivered
 *    └──────► cancelled   the pipeline unsubscribed from it within a turn
 * ```
 */
export interface Command {
  readonly spec: CommandSpec;
  readonly key: string;
  readonly epoch: number;
  /** Counts the commands of the run in the order of issue: it breaks ties between completions that are ready together. */
  readonly order: number;
  /** The run's clock when it was issued. */
  readonly issuedAt: number;
  state: 'pending' | 'settled' | 'cancelled';
  launched: boolean;
  /** Its intent is in the journal. */
  intended: boolean;
  progress: Progress;
}
