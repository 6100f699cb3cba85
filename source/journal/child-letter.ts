import type { End, OutputEmitted } from './event.js';

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

export const outputLetter = (link: number, { index, payload }: OutputEmitted): string =>
  JSON.stringify({ type: 'emitted', place: link * placesPerLink + index, payload } satisfies ChildLetter);

/** Nothing for the end of a link that is not the end of the run. */
export const endLetter = (event: End): string | undefined => {
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
