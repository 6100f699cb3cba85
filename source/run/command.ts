import type { Delivery, RunEvent } from '../journal/event.js';
import type { UserTransaction } from '../journal/statement.js';
import type { ActivityTask } from './activity.js';
import type { Scope } from './scope.js';

interface CommandSpecBase {
  readonly name: string;
  /** Short digest of the input: a replay that asks with another one has diverged. */
  readonly digest: string;
  /** Takes the record of the command into the pipeline. Called within the run's turn, once for each of its events. */
  readonly deliver: (event: RunEvent & Delivery) => void;
}

/** What becomes of a child when nobody listens to it any more: the pipeline unsubscribed from it, or its parent is at its end. */
export type ClosePolicy = 'cancel' | 'terminate' | 'abandon';

/** A child workflow to be started. */
export interface ChildTask {
  readonly workflow: string;
  /** Of the definition at hand; the newest registered one is taken. */
  readonly version: number;
  /** Encoded. */
  readonly input: string;
  readonly tags: Readonly<Record<string, string>>;
  readonly priority: number | undefined;
  readonly onClose: ClosePolicy;
}

/** The kinds that run a function of the user's outside the turn. */
export type ActivityKind = 'activity' | 'step' | 'compensation' | 'finalizer';

/** What a durable operator asks of its run for one upstream value: do this, or give me its record. */
export type CommandSpec =
  /** `undoes`: of a compensation, the step whose identity it shares. */
  | (CommandSpecBase & { readonly kind: ActivityKind; readonly task: ActivityTask; readonly undoes?: Command })
  /** `compute` answers with the encoded value. */
  | (CommandSpecBase & { readonly kind: 'sideEffect'; readonly compute: () => string })
  | (CommandSpecBase & { readonly kind: 'transaction'; readonly transaction: UserTransaction })
  /** `newest` is what a run chooses that has not chosen yet. */
  | (CommandSpecBase & { readonly kind: 'version'; readonly newest: number })
  | (CommandSpecBase & { readonly kind: 'child'; readonly child: ChildTask })
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

/** How far a child has come. */
export interface ChildState {
  /** Counts the children of this command. */
  readonly incarnation: number;
  /** `absent`: to be started. `failed`: to be asked to go on from where it failed. */
  readonly state: 'absent' | 'started' | 'failed';
  /** The place of the last output that was recorded or is on its way there. */
  readonly place: number;
}

export const noChild: ChildState = { incarnation: 0, state: 'absent', place: -1 };

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
  /** The batch of the turn that issued it. */
  readonly batch: number;
  /** Where its record is delivered. */
  scope: Scope;
  state: 'pending' | 'settled' | 'cancelled';
  launched: boolean;
  /** Its intent is in the journal. */
  intended: boolean;
  /** Nobody waits for it any more, but its outcome counts: there is no further attempt. */
  isLeft: boolean;
  progress: Progress;
  child: ChildState;
}

const activityKinds: ReadonlySet<string> = new Set<ActivityKind>(['activity', 'step', 'compensation', 'finalizer']);

export type ActivitySpec = Extract<CommandSpec, { readonly kind: ActivityKind }>;

export const isActivity = (spec: CommandSpec): spec is ActivitySpec => activityKinds.has(spec.kind);

/** Its name for whoever stands around executions: the compensation of a step has one of its own. */
export const activityName = ({ kind, name }: ActivitySpec): string =>
  kind === 'compensation' ? `${name}.compensation` : name;
