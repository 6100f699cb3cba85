import fc from 'fast-check';
import { isEnd, type RunEvent } from '../../source/journal/event.js';
import { readEvents } from '../../source/journal/history.js';
import type { Journal } from '../../source/journal/journal.js';
import type { RunRecord } from '../../source/journal/run-record.js';
import type { RunStatus } from '../../source/journal/status.js';
import { takenIn, type Control } from '../../source/run/control.js';
import { cutsOf, isCut } from '../../source/run/rewinds.js';
import type { Deed, Stage } from '../../source/testing/scene.js';

/** Somebody goes back in the history of a run, or makes another run of it. */
export interface GoingBack {
  readonly at: number;
  /** `twin`: a run that is at its end is forked, and then rewound to the same place. */
  readonly how: 'rewind' | 'pause-and-rewind' | 'twin' | 'fork' | 'retry' | 'replay' | 'pause' | 'cancel';
  /** Which of the runs that are there then: children and copies are among them. */
  readonly run: number;
  /** Which of the places to which it can go, from the first (0) to the last (1). */
  readonly place: number;
  /** How long it is paused before it is sent back. */
  readonly pauseMs: number;
}

/** When all signals have come. */
const lateMs = 4500;

const share = fc.nat({ max: 999 }).map((thousandth) => thousandth / 1000);

const goingBackBy = (how: fc.Arbitrary<GoingBack['how']>): fc.Arbitrary<GoingBack> =>
  fc.record({
    at: fc.oneof(fc.nat({ max: 400 }), fc.nat({ max: 1500 }), fc.nat({ max: lateMs })),
    how,
    run: share,
    place: share,
    pauseMs: fc.nat({ max: 200 }),
  });

/** By hand, at random moments. */
export const goingBack: fc.Arbitrary<GoingBack> = goingBackBy(
  fc.oneof(
    { weight: 3, arbitrary: fc.constantFrom('rewind' as const, 'pause-and-rewind' as const, 'twin' as const) },
    { weight: 2, arbitrary: fc.constantFrom('fork' as const, 'replay' as const) },
    { weight: 1, arbitrary: fc.constantFrom('retry' as const, 'pause' as const, 'cancel' as const) },
  ),
);

/** What leaves all other runs as they are. */
export const copying: fc.Arbitrary<GoingBack> = goingBackBy(fc.constantFrom('fork', 'fork', 'retry'));

export const isCopying = ({ how }: GoingBack): boolean => how === 'fork' || how === 'retry';

/** Whether what it comes to depends on how far the run is with what it has in flight. */
export const pauses = ({ how }: GoingBack): boolean => how === 'pause' || how === 'pause-and-rewind';

/** A run that was made of another one. */
export interface Copy {
  readonly id: string;
  readonly from: string;
  readonly at: number;
  /** Of a fork: the part of the history that it has. */
  readonly prefix?: readonly RunEvent[];
  /** Its source has gone back to the same place then. */
  readonly isTwin: boolean;
}

/** What was seen while a scene was played. */
export interface Notes {
  readonly copies: Copy[];
  /** Journals as they were at some time, by run. */
  readonly seen: { readonly runId: string; readonly link: number; readonly events: readonly RunEvent[] }[];
}

export const noNotes = (): Notes => ({ copies: [], seen: [] });

/** The id of the run that the n-th of them makes, if it makes one. */
export const copyId = (n: number): string => `copy-${n}`;

export const deedsOf = (all: readonly GoingBack[], calmAt: number, notes: Notes): readonly Deed[] => [
  ...all.flatMap((each, n) => deedsOfOne(each, copyId(n), notes)),
  ...(all.some(pauses) ? [calmAt, 2 * calmAt].map((at) => ({ at, act: resumeAll })) : []),
];

const deedsOfOne = (it: GoingBack, id: string, notes: Notes): readonly Deed[] => {
  const { at, how } = it;
  if (how === 'fork' || how === 'retry' || how === 'twin') return [{ at, act: copied(it, id, notes) }];
  if (how !== 'pause-and-rewind') return [{ at, act: asked(how, it, notes) }];
  let paused: string | undefined;
  return [
    {
      at,
      act: async (stage) => {
        paused = (await chosen(stage.journal, it, takenIn.pause))?.id;
        return paused === undefined || ask(stage, paused, { type: 'pause' });
      },
    },
    {
      at: at + it.pauseMs,
      act: async (stage) => {
        const record = paused === undefined ? undefined : await stage.journal.run(paused);
        return !record || rewind(stage, record, it, notes);
      },
    },
  ];
};

/** Asked in the database, as from another process: also where no process is up. */
const asked =
  (type: 'rewind' | 'replay' | 'pause' | 'cancel', it: GoingBack, notes: Notes): Deed['act'] =>
  async (stage) => {
    const run = await chosen(stage.journal, it, takenIn[type]);
    if (!run) return true;
    return type === 'rewind' ? rewind(stage, run, it, notes) : ask(stage, run.id, { type });
  };

const rewind = async (stage: Stage, run: RunRecord, it: GoingBack, notes: Notes): Promise<boolean> => {
  const goTo = placeOf(run, await seen(stage.journal, run, notes), it);
  return goTo === undefined || ask(stage, run.id, { type: 'rewind', goTo });
};

const ask = async ({ journal, now }: Stage, runId: string, control: Control): Promise<true> => {
  const payload = control.type === 'rewind' ? JSON.stringify({ goTo: control.goTo }) : '{}';
  await journal.request({ runId, name: control.type, payload, at: now }, takenIn[control.type], []);
  return true;
};

/** Under the same id whatever becomes of the process: it is there once. */
const copied = (it: GoingBack, id: string, notes: Notes): Deed['act'] => {
  const isTwin = it.how === 'twin';
  let source: { readonly runId: string; readonly place: number; readonly prefix: readonly RunEvent[] } | undefined;
  return async (stage) => {
    const { journal, tempolite, now } = stage;
    if (!tempolite) return false;
    if (!source) {
      const run = await chosen(journal, it, isTwin ? ['completed', 'failed'] : undefined);
      if (!run) return true;
      const events = await seen(journal, run, notes);
      const place = placeOf(run, events, it);
      if (place === undefined) return true;
      source = { runId: run.id, place, prefix: events.slice(0, place + 1) };
    }
    const { runId, place, prefix } = source;
    const rewinds = (await journal.run(runId))?.rewinds ?? [];
    // While no process was up, somebody has gone back behind it.
    if (isCut(cutsOf(rewinds), place)) return true;
    if (it.how === 'retry') await tempolite.run(runId).retry({ id });
    else await tempolite.run(runId).fork(place, { id });
    notes.copies.push({ id, from: runId, at: now, isTwin, ...(it.how === 'retry' ? {} : { prefix }) });
    return !isTwin || ask(stage, runId, { type: 'rewind', goTo: place });
  };
};

const resumeAll: Deed['act'] = async (stage) => {
  for (const { id } of await stage.journal.runs({ status: 'paused' }, { limit: Infinity }))
    await ask(stage, id, { type: 'resume' });
  return true;
};

/** One of those that can be asked for it, if there are any. */
const chosen = async (
  journal: Journal,
  { run }: GoingBack,
  statuses?: readonly RunStatus[],
): Promise<RunRecord | undefined> => {
  const all = await journal.runs(statuses ? { status: statuses } : {}, { limit: Infinity });
  const sorted = [...all].sort((a, b) => (a.id < b.id ? -1 : 1));
  return sorted[Math.floor(run * sorted.length)];
};

const placeOf = (run: RunRecord, events: readonly RunEvent[], { place }: GoingBack): number | undefined => {
  const cuts = cutsOf(run.rewinds ?? []);
  const places = events.filter((event) => !isEnd(event) && !isCut(cuts, event.seq));
  return places[Math.floor(place * places.length)]?.seq;
};

const seen = async (journal: Journal, run: RunRecord, notes: Notes): Promise<readonly RunEvent[]> => {
  const events = await readEvents(journal, run.id, run.link);
  notes.seen.push({ runId: run.id, link: run.link, events });
  return events;
};
