import type { Bookkeeping, Delivery, RunEvent } from '../journal/event.js';
import type { Command, CommandKind, Progress } from './command.js';

/** What an event means to a run that has come as far as its predecessor. Pure: live and replay ask the same question. */
export type Verdict =
  | { readonly type: 'deliver'; readonly command: Command; readonly last: boolean }
  | { readonly type: 'note'; readonly command: Command; readonly changes: Changes }
  /** The command was cancelled before its record came: both live and on replay. */
  | { readonly type: 'skip' }
  | { readonly type: 'unasked' }
  | { readonly type: 'changed-input'; readonly command: Command }
  | { readonly type: 'changed-kind'; readonly command: Command };

/** What bookkeeping changes of a command. */
export type Changes = Partial<Pick<Command, 'progress' | 'intended' | 'child'>>;

const skip: Verdict = { type: 'skip' };
const unasked: Verdict = { type: 'unasked' };

const activityKinds = ['activity', 'step', 'compensation', 'finalizer'] as const;
const kindOf: Readonly<Record<(Delivery | Bookkeeping)['type'], readonly CommandKind[]>> = {
  'activity-intended': activityKinds,
  'activity-attempt-failed': activityKinds,
  'activity-heartbeat': activityKinds,
  'activity-emitted': activityKinds,
  'activity-completed': activityKinds,
  'activity-failed': [...activityKinds, 'sideEffect'],
  'side-effect-recorded': ['sideEffect'],
  'signal-received': ['signal'],
  'timer-fired': ['timer', 'sleep'],
  'transaction-committed': ['transaction'],
  'transaction-failed': ['transaction'],
  'version-chosen': ['version'],
  'child-started': ['child'],
  'child-replayed': ['child'],
  'child-closed': ['child'],
  'child-emitted': ['child'],
  'child-completed': ['child'],
  'child-failed': ['child'],
};

export const decide = (
  event: RunEvent & (Delivery | Bookkeeping),
  pending: ReadonlyMap<string, Command>,
  cancelled: ReadonlySet<string>,
): Verdict => {
  const command = pending.get(event.key);
  if (!command) return cancelled.has(event.key) ? skip : unasked;
  if (!kindOf[event.type].includes(command.spec.kind)) return { type: 'changed-kind', command };
  if (command.spec.digest !== event.digest) return { type: 'changed-input', command };
  switch (event.type) {
    case 'activity-intended':
      return { type: 'note', command, changes: { intended: true } };
    case 'activity-attempt-failed':
      return { type: 'note', command, changes: { progress: afterFailure(command.progress, event) } };
    case 'activity-heartbeat':
      return { type: 'note', command, changes: { progress: { ...command.progress, details: event.payload } } };
    case 'child-started':
      return {
        type: 'note',
        command,
        changes: { child: { ...command.child, incarnation: event.index, state: 'started' } },
      };
    case 'child-replayed':
      return { type: 'note', command, changes: { child: { ...command.child, state: 'started' } } };
    case 'child-closed':
      // Only the end of a run closes a child that it has not unsubscribed from.
      return { type: 'note', command, changes: {} };
    case 'activity-emitted':
    case 'child-emitted':
      return { type: 'deliver', command, last: false };
    case 'activity-completed':
    case 'activity-failed':
    case 'side-effect-recorded':
    case 'signal-received':
    case 'timer-fired':
    case 'transaction-committed':
    case 'transaction-failed':
    case 'version-chosen':
    case 'child-completed':
    case 'child-failed':
      return { type: 'deliver', command, last: true };
  }
};

/** The payload of `activity-attempt-failed`; `failure` is an encoded error. */
export interface AttemptFailure {
  readonly failure: string;
  readonly retryAt: number;
  readonly details?: string;
}

const afterFailure = (before: Progress, event: { readonly index: number; readonly payload: string }): Progress => {
  const { retryAt, details } = JSON.parse(event.payload) as AttemptFailure;
  return { ...before, attempts: event.index, retryAt, ...(details === undefined ? {} : { details }) };
};

/** Outcomes that a retry does not keep, and that are not recorded once their run has failed. */
export const isFailure = ({ type }: Pick<RunEvent, 'type'>): boolean =>
  type === 'activity-failed' || type === 'transaction-failed' || type === 'child-failed';
