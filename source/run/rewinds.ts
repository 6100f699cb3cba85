import type { RunEvent, SagaCompensated } from '../journal/event.js';
import type { Rewind } from '../journal/run-record.js';
import { sagasSince } from './compensated.js';

/** A part of the journal that no longer counts, from an event up to the decision to go back. */
export interface Cut extends Rewind {
  /** Commands that are issued behind it have this epoch. */
  readonly epoch: number;
  /** When somebody last sent the run back by hand. */
  readonly renewedAt: number | undefined;
  /** What was dropped with its successes so far: a retry that goes back behind that does not bring them back. */
  readonly dropped: readonly Rewind[];
}

/**
 * The cuts that stand, in order. One that goes back behind an earlier one swallows it; epochs go on counting, so that what is issued
 * behind the second never has the identity of something that was issued behind the first.
 *
 * ```
 * events   0 1 2 3 4 5 R 7 8 9 R 11        R6 from 4, R10 from 2
 * count    0 1                    11       one cut, [2, 10), epoch 2
 * ```
 */
export const cutsOf = (rewinds: readonly Rewind[]): Cut[] => {
  let cuts: Cut[] = [];
  if (rewinds.length === 0) return cuts;
  let renewedAt: number | undefined;
  const dropped: Rewind[] = [];
  rewinds.forEach((rewind, index) => {
    if (!rewind.keepsSuccesses) dropped.push(rewind);
    if (!rewind.automatic) renewedAt = rewind.at;
    cuts = cuts.filter(({ from }) => from < rewind.from);
    const before = cuts.at(-1);
    const overlaps = before !== undefined && rewind.from <= before.seq;
    if (overlaps) cuts.pop();
    cuts.push({ ...rewind, from: overlaps ? before.from : rewind.from, epoch: index + 1, renewedAt, dropped });
  });
  return cuts;
};

const none: ReadonlyMap<string, number> = new Map();

/** The epochs of the sagas that were begun anew: those of the last decision that did. */
export const renewedSagas = (rewinds: readonly Rewind[]): ReadonlyMap<string, number> =>
  rewinds.length === 0
    ? none
    : new Map(rewinds.flatMap(({ sagas }, index) => sagas.map(({ key }) => [key, index + 1] as const)));

/** Parts in which the journal has more than the code asks for: what a saga did that was begun anew, and what that led to. */
export const lenientZones = (rewinds: readonly Rewind[]): readonly { readonly from: number; readonly to: number }[] =>
  rewinds.length === 0
    ? nowhere
    : rewinds.flatMap(({ seq, sagas }) =>
        sagas.length > 0 ? [{ from: Math.min(...sagas.map(({ since }) => since)), to: seq }] : [],
      );

const nowhere: ReturnType<typeof lenientZones> = [];

/** The rewinds that a whole history tells of; the record of a run has those of its present link. */
export const rewindsOf = (events: readonly RunEvent[]): Rewind[] => {
  const rewinds: Rewind[] = [];
  const compensated: (RunEvent & SagaCompensated)[] = [];
  for (const event of events) {
    if (event.type === 'saga-compensated') compensated.push(event);
    if (event.type !== 'run-retried' && event.type !== 'run-rewound') continue;
    const keepsSuccesses = event.type === 'run-retried';
    const from = keepsSuccesses ? event.index : event.index + 1;
    rewinds.push({ ...placeOf(event), from, keepsSuccesses, sagas: sagasSince(compensated, from) });
  }
  return rewinds;
};

const placeOf = ({ seq, at }: RunEvent): Pick<Rewind, 'seq' | 'at' | 'automatic'> => ({ seq, at, automatic: false });

/** Whether an event lies in a part that no longer counts. */
export const isCut = (cuts: readonly Rewind[], seq: number): boolean =>
  cuts.some((cut) => seq >= cut.from && seq <= cut.seq);

/** Whether a success in a cut counts all the same. */
export const keepsSuccess = ({ dropped }: Cut, seq: number): boolean => !isCut(dropped, seq);
