import type { Bookkeeping, Delivery, RunEvent } from '../journal/event.js';
import type { Command, Progress } from './command.js';

/** What an event means to a run that has come as far as its predecessor. Pure: live and replay ask the same question. */
export type Verdict =
  | { readonly type: 'deliver'; readonly command: Command; readonly last: boolean }
  | { readonly type: 'note'; readonly command: Command; readonly progress: Progress; readonly intended: boolean }
  /** The command was cancelled before its record came: both live and on replay. */
  | { readonly type: 'skip' }
  | { readonly type: 'unasked' }
  | { readonly type: 'changed-input'; readonly command: Command }
  | { readonly type: 'changed-kind'; readonly command: Command };

const skip: Verdict = { type: 'skip' };
const unasked: Verdict = { type: 'unasked' };

const kindOf: Readonly<Record<(Delivery | Bookkeeping)['type'], readonly string[]>> = {
  'activity-intended': ['activity'],
  'activity-attempt-failed': ['activity'],
  'activity-heartbeat': ['activity'],
  'activity-emitted': ['activity'],
  'activity-completed': ['activity'],
  'activity-failed': ['activity', 'sideEffect'],
  'side-effect-recorded': ['sideEffect'],
  'signal-received': ['signal'],
  'timer-fired': ['timer', 'sleep'],
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
      return { type: 'note', command, progress: command.progress, intended: true };
    case 'activity-attempt-failed':
      return { type: 'note', command, progress: afterFailure(command.progress, event), intended: command.intended };
    case 'activity-heartbeat':
      return {
        type: 'note',
        command,
        progress: { ...command.progress, details: event.payload },
        intended: command.intended,
      };
    case 'activity-emitted':
      return { type: 'deliver', command, last: false };
    case 'activity-completed':
    case 'activity-failed':
    case 'side-effect-recorded':
    case 'signal-received':
    case 'timer-fired':
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
