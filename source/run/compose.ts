import type { EventBody, EventHeader, RunEvent } from '../journal/event.js';
import type { NewRequest, RunCommit } from '../journal/journal.js';
import type { NewRun } from '../journal/run-record.js';
import type { Command, CommandSpec } from './command.js';
import type { Note, Outcome, Ready } from './ready.js';

export interface PendingNote {
  readonly command: Pick<Command, 'key' | 'epoch' | 'state'> & { readonly spec: Pick<CommandSpec, 'digest'> };
  /** What takes no turn: bookkeeping, or a choice that nobody waits for any more. */
  readonly note: Note | Outcome;
  readonly recorded?: (() => void) | undefined;
  /** What goes into the same commit. */
  readonly child?: NewRun;
  readonly request?: NewRequest | undefined;
  /** The id of a child whose close policy is carried out. */
  readonly closes?: string;
}

/** What one commit of a run is made of, in the order in which it is written. */
export interface Parts {
  readonly outputs: readonly { readonly at: number; readonly body: EventBody }[];
  /** What has happened in the pipeline, beside its outputs. */
  readonly facts: readonly EventBody[];
  readonly notes: readonly PendingNote[];
  readonly ready: readonly Ready[];
  /** The end, or what was decided about the run. */
  readonly decisions: readonly EventBody[];
}

/** Where and when the events are written. */
export interface Place {
  readonly seq: number;
  readonly batch: number;
  /** The run's clock. */
  readonly clock: number;
  /** When what is ready happens. */
  readonly now: number;
  /** When decisions are made. */
  readonly decidedAt: number;
}

export interface Composed {
  readonly events: readonly RunEvent[];
  /** The `seq` of the first one that takes a turn; the others come before. */
  readonly firstDelivery: number;
  /** `undefined` as a rule. */
  readonly extras: Pick<RunCommit, 'consumed' | 'transactions' | 'children' | 'requests'> | undefined;
}

/**
 * The events of one commit, from `seq` on. A timer's event happens when it was due, a choice at once, any other now, and none before
 * the run's clock, so that a run's time never goes back.
 */
export const compose = (
  { outputs, facts, notes, ready, decisions }: Parts,
  { seq, batch, clock, now, decidedAt }: Place,
): Composed => {
  const events: RunEvent[] = [];
  const header = (at: number): EventHeader => ({ seq: seq + events.length, batch, epoch: 0, at });
  for (const output of outputs) events.push({ ...header(output.at), ...output.body });
  for (const fact of facts) events.push({ ...header(clock), ...fact });
  for (const { command, note } of notes) events.push(ofCommand(command, note, seq + events.length, batch, clock));
  const firstDelivery = seq + events.length;
  let at = clock;
  for (const { command, outcome, time } of ready) {
    at = Math.max(at, hasItsTime(outcome) ? time : now);
    events.push(ofCommand(command, outcome, seq + events.length, batch, at));
  }
  for (const decision of decisions) {
    at = instantOf(decision, at, decidedAt);
    events.push({ ...header(at), ...decision });
  }
  const isPlain = notes.length === 0 && ready.every(isOutcomeAlone);
  return { events, firstDelivery, extras: isPlain ? undefined : extrasOf(notes, ready, firstDelivery) };
};

/** After an outage a choice is made at the instant of the timer that led to it: others may be due before today. */
const hasItsTime = ({ type }: Outcome): boolean => type === 'timer-fired' || type === 'version-chosen';

const isOutcomeAlone = ({ signal, letter, transaction }: Ready): boolean =>
  signal === undefined && letter === undefined && transaction === undefined;

const extrasOf = (
  notes: readonly PendingNote[],
  ready: readonly Ready[],
  firstDelivery: number,
): Composed['extras'] => {
  const transactions = ready.flatMap(({ transaction }, index) =>
    transaction ? [{ seq: firstDelivery + index, ...transaction }] : [],
  );
  const consumed = ready.flatMap(({ signal, letter }) => [signal?.id, letter].filter((id) => id !== undefined));
  const children = notes.flatMap(({ child }) => (child ? [child] : []));
  const requests = notes.flatMap(({ request }) => (request ? [request] : []));
  return {
    ...(consumed.length > 0 ? { consumed } : {}),
    ...(transactions.length > 0 ? { transactions } : {}),
    ...(children.length > 0 ? { children } : {}),
    ...(requests.length > 0 ? { requests } : {}),
  };
};

/** A cancellation happens now, and going back brings the run to today; anything else takes no time. */
export const instantOf = ({ type }: EventBody, clock: number, now: number): number =>
  type === 'cancel-requested' || type === 'run-retried' || type === 'run-rewound' ? Math.max(clock, now) : clock;

const ofCommand = (
  command: PendingNote['command'],
  body: Outcome | Note,
  seq: number,
  batch: number,
  at: number,
): RunEvent => {
  const { key, epoch } = command;
  const { digest } = command.spec;
  // Most events are this one, and spreading is slow: it took as long as the rest of the commit (measured).
  if (body.type === 'activity-completed' && body.payload !== undefined)
    return { seq, batch, epoch, at, key, digest, type: body.type, payload: body.payload };
  return { seq, batch, epoch, at, key, digest, ...body };
};
