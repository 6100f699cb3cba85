import { RunError } from '../errors.js';
import type { End, EventBody } from '../journal/event.js';
import type { Letter } from '../journal/journal.js';
import type { Rewind } from '../journal/run-record.js';
import { isTerminal, type RunStatus } from '../journal/status.js';
import { encodeFailure } from '../values/failure.js';

/** What can be asked of a run from outside. `goTo` of a rewind is the last event that still counts. */
export type Control =
  | { readonly type: 'pause' | 'resume' | 'cancel' | 'terminate' | 'replay' }
  | { readonly type: 'rewind'; readonly goTo: number };

/** The statuses in which a request is taken; in the others nothing is written. */
export const takenIn: Readonly<Record<Control['type'], readonly RunStatus[]>> = {
  pause: ['pending', 'running', 'waiting', 'blocked'],
  resume: ['paused'],
  cancel: ['pending', 'running', 'waiting', 'paused'],
  terminate: ['pending', 'running', 'waiting', 'paused', 'blocked'],
  replay: ['failed', 'paused', 'blocked'],
  rewind: ['failed', 'paused', 'blocked', 'completed'],
};

/** Statuses in which a run is already where the request would bring it: nothing is written then, unless something else is to be decided first. */
export const alreadyThere: Readonly<Record<Control['type'], readonly RunStatus[]>> = {
  pause: ['paused'],
  resume: ['pending', 'running', 'waiting'],
  cancel: ['cancelled'],
  terminate: ['terminated'],
  replay: ['pending', 'running', 'waiting'],
  rewind: [],
};

/** Statuses in which a request is taken behind another one: that may bring the run to another status before. */
export const behindOf = ({ type }: Control): readonly RunStatus[] =>
  alreadyThere[type].filter((status) => !isTerminal(status));

/** The request in a letter; `undefined` for one of a later release. */
export const controlOf = ({ name, payload }: Letter): Control | undefined => {
  switch (name) {
    case 'pause':
    case 'resume':
    case 'cancel':
    case 'terminate':
    case 'replay':
      return { type: name };
    case 'rewind':
      return { type: name, goTo: (JSON.parse(payload) as { readonly goTo: number }).goTo };
    default:
      return undefined;
  }
};

/** What is to be written for going back, and where the link then has gone back in all. */
export interface GoingBack {
  readonly event: EventBody;
  readonly rewinds: readonly Rewind[];
}

/** A failed run goes back to where the failure began. */
export const retryOf = (
  failed: { readonly index?: number; readonly seq: number },
  place: Pick<Rewind, 'seq' | 'at' | 'automatic' | 'sagas'>,
  rewinds: readonly Rewind[] = [],
): GoingBack => {
  const from = failed.index ?? failed.seq;
  return {
    event: { type: 'run-retried', index: from },
    rewinds: [...rewinds, { ...place, from, keepsSuccesses: true }],
  };
};

/** Whatever came after an event no longer counts. */
export const rewindOf = (
  goTo: number,
  place: Pick<Rewind, 'seq' | 'at' | 'sagas'>,
  rewinds: readonly Rewind[] = [],
): GoingBack => ({
  event: { type: 'run-rewound', index: goTo },
  rewinds: [...rewinds, { ...place, from: goTo + 1, keepsSuccesses: false, automatic: false }],
});

/** How often a retry policy has sent the run back since anybody else did. */
export const automaticRetries = (rewinds: readonly Rewind[] = []): number => {
  const last = rewinds.findLastIndex(({ automatic }) => !automatic);
  return rewinds.length - 1 - last;
};

export const terminated = (runId: string): End => ({
  type: 'run-terminated',
  payload: encodeFailure(new RunError('RUN_TERMINATED', `run "${runId}" was terminated`)),
});
