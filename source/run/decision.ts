import type { RunCommit } from '../journal/journal.js';
import type { EventBody } from '../journal/event.js';
import type { Rewind } from '../journal/run-record.js';
import { retryOf, rewindOf, terminated, type Control, type GoingBack } from './control.js';

/** Where a run stands when something is asked of it. */
export interface Standing {
  readonly runId: string;
  readonly isPaused: boolean;
  /** Its pipeline is at its end, its clean-up or its record is not. */
  readonly isClosing: boolean;
  /** Its end is recorded, and nothing sends it back by itself: it is let finish what it left in flight. */
  readonly isOver: boolean;
  /** The failure with which it ended, when it may be retried. */
  readonly failed: { readonly index?: number; readonly seq: number } | undefined;
  readonly rewinds?: readonly Rewind[] | undefined;
  /** The sagas whose compensation is recorded from an event on. */
  readonly compensatedSince: (from: number) => Rewind['sagas'];
}

/** What is decided about a run. */
export interface Decision {
  readonly bodies: readonly EventBody[];
  readonly status?: 'running' | 'paused' | 'terminated';
  /** Where the link goes back, given the place of the event that says so. */
  readonly goBack?: (place: Pick<Rewind, 'seq' | 'at'>) => GoingBack;
  /**
   * `turn`: the last event is delivered. `hold`: nothing is delivered or launched any more. `restart`: the run is replayed from its journal.
   * `end`: there is nothing more to do.
   */
  readonly then: 'nothing' | 'turn' | 'hold' | 'restart' | 'end';
  /** The close policies of children are carried out: of those of which an event from this `seq` on tells. */
  readonly closesChildrenSince?: number;
  /** The request is not over with this: the run decides about it once more when it has been replayed. */
  readonly staysAsked?: boolean;
}

/** `paused`, `restarting`: nothing is delivered or launched; in the second case until the run is replayed. */
export type Holds = 'no' | 'paused' | 'restarting';

export const nothing: Decision = { bodies: [], then: 'nothing' };
const resumed = { type: 'run-resumed' } as const;
/** What may be asked of a run that is at its end. */
const goesBack: readonly Control['type'][] = ['replay', 'rewind'];

/** What a request comes to. Asked for twice, it comes to nothing the second time. Pure. */
export const decisionOn = (control: Control, standing: Standing): Decision => {
  const { isPaused, isClosing, failed } = standing;
  if (standing.isOver && !goesBack.includes(control.type)) return nothing;
  switch (control.type) {
    case 'pause':
      return isPaused || isClosing ? nothing : { bodies: [{ type: 'run-paused' }], status: 'paused', then: 'hold' };
    case 'resume':
      return isPaused ? { bodies: [resumed], status: 'running', then: 'restart' } : nothing;
    case 'replay':
      if (failed) return retry(failed, standing, false);
      return isPaused ? { bodies: [resumed], status: 'running', then: 'restart' } : nothing;
    case 'cancel':
      return cancel(standing);
    case 'terminate':
      return terminate(standing);
    case 'rewind': {
      const sagas = standing.compensatedSince(control.goTo + 1);
      const goBack = (place: Pick<Rewind, 'seq' | 'at'>): GoingBack =>
        rewindOf(control.goTo, { ...place, sagas }, standing.rewinds);
      const { event } = goBack({ seq: 0, at: 0 });
      return { bodies: [event], goBack, status: 'running', then: 'restart', closesChildrenSince: control.goTo + 1 };
    }
  }
};

/** Which children of a run are closed with its commit: those that a decision is about, and these. */
export const closingOf = (
  decision: Decision | undefined,
  children: readonly string[],
  at: number,
): Pick<RunCommit, 'closes'> => {
  const since = decision?.closesChildrenSince;
  if (since === undefined && children.length === 0) return {};
  return { closes: { at, children, ...(since === undefined ? {} : { since }) } };
};

/** A failed run goes back to where the failure began. */
export const retry = (
  failed: NonNullable<Standing['failed']>,
  { rewinds, compensatedSince }: Pick<Standing, 'rewinds' | 'compensatedSince'>,
  automatic: boolean,
): Decision => {
  const sagas = compensatedSince(failed.index ?? failed.seq);
  const goBack = (place: Pick<Rewind, 'seq' | 'at'>): GoingBack =>
    retryOf(failed, { ...place, automatic, sagas }, rewinds);
  return { bodies: [goBack({ seq: 0, at: 0 }).event], goBack, status: 'running', then: 'restart' };
};

/** A run that waits for its retry goes back first, for it has one end. */
const terminate = ({ runId, failed, ...standing }: Standing): Decision => {
  const back = failed ? retry(failed, standing, false) : nothing;
  const bodies = [...back.bodies, terminated(runId)];
  return { ...back, bodies, status: 'terminated', then: 'end', closesChildrenSince: 0 };
};

const cancel = ({ isPaused, isClosing, failed, ...standing }: Standing): Decision => {
  if (isClosing) return nothing;
  const toBeCancelled: EventBody = { ...resumed, payload: 'cancel' };
  if (failed) {
    // It waits for its retry: what had begun before it failed is cleaned up as in any other run. Its code may fail at once again.
    const back = retry(failed, standing, false);
    return { ...back, bodies: [...back.bodies, toBeCancelled], staysAsked: true };
  }
  if (isPaused) return { bodies: [toBeCancelled], status: 'running', then: 'restart', staysAsked: true };
  return { bodies: [{ type: 'cancel-requested' }], then: 'turn' };
};
