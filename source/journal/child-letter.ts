import { isEnd, type End, type OutputEmitted, type RunEvent } from './event.js';
import type { RunCommit } from './journal.js';
import { isTerminal, type RunStatus } from './status.js';

/**
 * What a child puts into its parent's inbox. `place` counts its outputs over all its links: what a retry of the child emits once more has
 * the place that it had.
 */
export type ChildLetter =
  | { readonly type: 'emitted'; readonly place: number; readonly payload: string }
  | { readonly type: 'completed' }
  | { readonly type: 'failed' | 'cancelled' | 'terminated'; readonly payload: string };

/** Outputs of a link that have places of their own; 2^53 of them leave room for a million links. */
const placesPerLink = 2 ** 32;

const outputLetter = (link: number, { index, payload }: OutputEmitted): string =>
  JSON.stringify({ type: 'emitted', place: link * placesPerLink + index, payload } satisfies ChildLetter);

/** Nothing for the end of a link that is not the end of the run. */
const endLetter = (event: End): string | undefined => {
  switch (event.type) {
    case 'run-completed':
      return JSON.stringify({ type: 'completed' } satisfies ChildLetter);
    case 'run-failed':
      return JSON.stringify({ type: 'failed', payload: event.payload } satisfies ChildLetter);
    case 'run-cancelled':
      return JSON.stringify({ type: 'cancelled', payload: event.payload } satisfies ChildLetter);
    case 'run-terminated':
      return JSON.stringify({ type: 'terminated', payload: event.payload } satisfies ChildLetter);
    case 'run-continued':
      return undefined;
  }
};

/** What the parent of a run hears of a commit: each output, and the end of the run. */
export const lettersOf = (
  { link, status }: Pick<RunCommit, 'link' | 'status'>,
  events: readonly RunEvent[],
): readonly { readonly letter: string; readonly at: number }[] => {
  const isOver = status !== undefined && isTerminal(status.status);
  return events.flatMap((event) => {
    const { at } = event;
    if (event.type === 'output-emitted') return [{ letter: outputLetter(link, event), at }];
    const letter = isOver && isEnd(event) ? endLetter(event) : undefined;
    return letter === undefined ? [] : [{ letter, at }];
  });
};

/** Children of whom something may be asked: one that is at its end is asked nothing, but a failed one may go on. */
export const askedIn: readonly RunStatus[] = ['pending', 'running', 'waiting', 'paused', 'blocked', 'failed'];
