import type { EventBody, RunCompleted, RunEvent, RunFailed } from '../journal/event.js';
import type { RunCommit } from '../journal/journal.js';
import type { Command } from './command.js';
import type { Note, Outcome, Ready } from './ready.js';

export type End = RunCompleted | RunFailed;

export interface PendingNote {
  readonly command: Command;
  readonly note: Note;
  readonly recorded?: (() => void) | undefined;
}

/** What one commit of a run is made of, in the order in which it is written. */
export interface Parts {
  readonly outputs: readonly { readonly at: number; readonly body: EventBody }[];
  readonly notes: readonly PendingNote[];
  readonly ready: readonly Ready[];
  readonly end: End | undefined;
}

export interface Composed {
  readonly events: readonly RunEvent[];
  readonly deliveries: readonly RunEvent[];
  readonly consumed: Pick<RunCommit, 'consumed'>;
}

/**
 * The events of one commit, from `seq` on. A timer's event happens when it was due, any other now, and neither before the run's
 * clock, so that a run's time never goes back.
 */
export const compose = ({ outputs, notes, ready, end }: Parts, seq: number, clock: number, now: number): Composed => {
  const events: RunEvent[] = [];
  const add = (at: number, body: EventBody): void => {
    events.push({ seq: seq + events.length, batch: seq, epoch: 0, at, ...body });
  };
  for (const output of outputs) add(output.at, output.body);
  for (const { command, note } of notes) add(clock, ofCommand(command, note));
  const before = events.length;
  let at = clock;
  for (const { command, outcome, time } of ready) {
    at = Math.max(at, outcome.type === 'timer-fired' ? time : now);
    add(at, ofCommand(command, outcome));
  }
  const deliveries = events.slice(before);
  if (end) add(clock, end);
  const consumed = ready.flatMap(({ signal }) => (signal ? [signal.id] : []));
  return { events, deliveries, consumed: consumed.length > 0 ? { consumed } : {} };
};

const ofCommand = (command: Command, body: Outcome | Note): EventBody => {
  const header = { key: command.key, digest: command.spec.digest };
  return { ...header, ...body };
};
