import fc from 'fast-check';
import type { RunEvent } from '../../source/journal/event.js';
import { historyMarbles } from '../../source/testing/index.js';
import { perform, type Performance } from '../../source/testing/perform.js';
import { differencesOf } from '../../source/testing/shown.js';
import { hasTies, unended, unled, unlike, unordered, unreplayable } from './checks.js';
import { confused, repeated, unclosed, unkept, unlikeTwin, unportable } from './copies.js';
import { isCopying, noNotes, pauses, type Notes } from './going-back.js';
import { model } from './model.js';
import type { Program } from './program.js';
import { goneBackScenario, lettersOf, livesOf, scenario, sceneOf, type Scenario } from './scenario.js';

/** What a simulation came to. */
export interface Tally {
  performances: number;
  events: number;
  crashes: number;
  /** Runs that were also held against RxJS alone. */
  modelled: number;
  /** How often a run went back. */
  rewinds: number;
  /** Runs that were made of others. */
  copies: number;
}

export const noTally = (): Tally => ({ performances: 0, events: 0, crashes: 0, modelled: 0, rewinds: 0, copies: 0 });

/** A performance, and what was seen in it. */
interface Played extends Performance {
  readonly notes: Notes;
  /** What is wrong with the database that it has left. */
  readonly findings: readonly string[];
}

export interface SimulateOptions {
  /** Whether what is wrong is made as small as possible. Default: it is. */
  readonly shrink?: boolean;
  /** Somebody goes back in each of them. Default: in some. */
  readonly goesBack?: boolean;
  /** Real time that no scenario takes: something spins. */
  readonly longestMs?: number;
}

/** Plays the scenario of a seed; throws what is wrong with it. One seed is one exact repetition. */
export const simulate = async (
  seed: number,
  tally: Tally,
  { shrink = true, goesBack = false, longestMs = 60_000 }: SimulateOptions = {},
): Promise<void> => {
  const property = fc.asyncProperty(goesBack ? goneBackScenario : scenario, async (it) => {
    const faults = await withinLimit(faultsOf(it, tally), longestMs);
    if (faults.length > 0) throw new Error(faults.join('\n'));
  });
  await fc.assert(property, {
    seed,
    numRuns: 1,
    endOnFailure: !shrink,
    // Counted from the beginning: of a scenario that is interrupted before its own limit one would hear neither what it is nor why.
    interruptAfterTimeLimit: longestMs + shrinkMs,
    markInterruptAsFailure: false,
    includeErrorInReport: true,
  });
};

const withinLimit = async (faults: Promise<readonly string[]>, limitMs: number): Promise<readonly string[]> => {
  let timer: NodeJS.Timeout | undefined;
  const limit = new Promise<readonly string[]>((resolve) => {
    timer = setTimeout(resolve, limitMs, [`it did not end in ${limitMs} ms`]);
  });
  try {
    return await Promise.race([faults, limit]);
  } finally {
    clearTimeout(timer);
  }
};

/** Time for making a failure small. */
const shrinkMs = 60_000;

const faultsOf = async (it: Scenario, tally: Tally): Promise<readonly string[]> => {
  const right = await played(it, tally, undefined);
  const faults = [
    ...(await brokenLaws(it, right)),
    ...unlikeModel(it, right, tally),
    ...(await unlikeAlone(it, right, tally)),
    ...(it.outages.length > 0 || it.jumps.length > 0 ? [] : unlikeTwin(right, right.notes)),
  ];
  if (faults.length > 0) return [...faults, ...marblesOf(right)];
  for (const plan of it.plans) {
    const other = await played(it, tally, { ...plan, appends: right.appends.length });
    const differences = [
      ...(await brokenLaws(it, other)),
      ...(isAmbiguous(it, right, other) ? [] : differencesOf(right, other)),
    ];
    if (differences.length === 0) continue;
    const lives = livesOf(plan, right.appends.length);
    return [`under ${JSON.stringify({ ...plan, lives })}`, ...differences, ...marblesOf(right), ...marblesOf(other)];
  }
  return [];
};

const marblesOf = ({ histories }: Performance): readonly string[] =>
  histories.map(({ events }) => historyMarbles(events));

/** What must hold of every performance, whatever went wrong in it. */
const brokenLaws = async (it: Scenario, played: Played): Promise<readonly string[]> => {
  const received: { readonly run: string; readonly signal: number; readonly payload: string }[] = [];
  const scene = sceneOf(it, (run, signal, payload) => {
    received.push({ run, signal, payload });
  });
  const faults = [
    ...played.violations,
    ...played.findings,
    ...unended(played),
    ...unkept(played, played.notes),
    ...unclosed(played),
    ...(it.outages.length > 0 ? [] : repeated(played)),
  ];
  const workflows = [...scene.runs.map(({ workflow }) => workflow), ...(scene.world.workflows ?? [])];
  for (const history of played.histories) {
    const workflow = workflows.find(({ name }) => name === history.run.workflow);
    if (!workflow) continue;
    received.length = 0;
    const { id, rewinds } = history.run;
    // A run that has ended is sent none, and may be sent back.
    const lacks = rewinds !== undefined || played.notes.copies.some((copy) => copy.id === id);
    faults.push(...(await unreplayable(history, workflow)), ...unordered(received, lacks));
    const effects = played.effects.filter(({ runId }) => runId === history.run.id);
    faults.push(...(await unled(history, workflow, effects)), ...(await confused(history, workflow, effects)));
  }
  return faults;
};

/** Whether two performances of a scenario may differ. */
const isAmbiguous = (it: Scenario, { histories, start }: Performance, other: Performance): boolean =>
  // What ends in a pause is recorded in it; what a crash ends then begins anew only after it.
  (other.deaths > 0 && (it.requests.some(({ type }) => type === 'pause') || it.goingBack.some(pauses))) ||
  it.outages.some(({ at, length }) => hasRush(histories, start + at + length)) ||
  histories.some(({ events }) => hasTwins(events));

/**
 * Whether several things became ready in the very instant in which a process came up again, for a run or for it and its children: which of
 * them is first depends on what that process does at once, and another one may do it otherwise.
 */
const hasRush = (histories: Performance['histories'], upAt: number): boolean => {
  const batches = histories.flatMap(({ run: { id }, events }) => {
    const rushed = events.filter((event) => 'key' in event && event.at === upAt);
    return [...new Set(rushed.map(({ batch }) => batch))].map(() => rootOf(id));
  });
  return new Set(batches).size < batches.length;
};

/** The run that a child and its children belong to. */
const rootOf = (id: string): string => id.split('/')[0] ?? id;

/** Whether two children wrote at one instant: each is a run of its own, and no order of their commits is the right one. */
const hasTwins = (events: readonly RunEvent[]): boolean => {
  const writers = new Map<number, string>();
  return events.some((event) => {
    if (event.type !== 'child-emitted' && event.type !== 'child-completed' && event.type !== 'child-failed')
      return false;
    const writer = writers.get(event.at) ?? event.key;
    writers.set(event.at, writer);
    return writer !== event.key;
  });
};

const played = async (
  it: Scenario,
  tally: Tally,
  plan: (Scenario['plans'][number] & { readonly appends: number }) | undefined,
): Promise<Played> => {
  const notes = noNotes();
  let findings: readonly string[] = [];
  const performance = await perform(sceneOf(it, undefined, notes), {
    lives: plan ? livesOf(plan, plan.appends) : [],
    worker: plan?.evict === true ? { evictAfterMs: 0 } : {},
    onEnd: async (journal) => {
      if (it.goingBack.length > 0) findings = await unportable(journal);
    },
  });
  tally.performances += 1;
  tally.crashes += performance.deaths;
  tally.copies += notes.copies.length;
  for (const { run, events } of performance.histories) {
    tally.events += events.length;
    tally.rewinds += run.rewinds?.length ?? 0;
  }
  return { ...performance, notes, findings };
};

/** Where all that is done makes other runs, those of the scene are what they are without that. */
const unlikeAlone = async (it: Scenario, right: Performance, tally: Tally): Promise<readonly string[]> => {
  if (it.goingBack.length === 0 || !it.goingBack.every(isCopying)) return [];
  const alone = await played({ ...it, goingBack: [] }, tally, undefined);
  const isOfScene = (id: string): boolean => alone.histories.some(({ run }) => run.id === rootOf(id));
  return differencesOf(alone, {
    ...right,
    histories: right.histories.filter(({ run }) => isOfScene(run.id)),
    effects: right.effects.filter(({ runId }) => isOfScene(runId)),
    violations: [],
  }).map((line) => `beside its copies, ${line}`);
};

/** Worlds without outages and jumps of the clock have a model, unless the program leaves the turn's synchronous part. */
const unlikeModel = (it: Scenario, right: Played, tally: Tally): readonly string[] => {
  if (it.outages.length > 0 || it.jumps.length > 0 || it.requests.length > 0 || !it.goingBack.every(isCopying))
    return [];
  return right.histories.flatMap((history) => {
    const { id, workflow } = history.run;
    const program = it.programs[it.programs.findIndex((_, n) => workflow === `program-${n}`)];
    const copy = right.notes.copies.find((each) => each.id === id);
    // Plain RxJS neither retries a run nor cleans up after it, nor does it know of a past.
    if (!program || copy?.prefix || hasMicrotasks(program) || history.events.some(isOfItsOwn)) return [];
    const start = copy?.at ?? right.start;
    const letters = lettersOf(it).flatMap(({ at, ...letter }) => {
      const since = right.start + at - start;
      return copy && since <= 0 ? [] : [{ ...letter, at: since }];
    });
    const modelled = model(program, letters);
    if (!modelled || hasTies(history.events, start, letters, modelled)) return [];
    tally.modelled += 1;
    return unlike(history, start, right.effects, modelled);
  });
};

const isOfItsOwn = (event: RunEvent): boolean =>
  event.type === 'run-retried' ||
  event.type === 'saga-compensated' ||
  ('key' in event && (event.key.startsWith('finalizer:') || event.key.startsWith('compensation:')));

const hasMicrotasks = (program: Program): boolean => {
  switch (program.type) {
    case 'op':
      return program.op === 'microtask' || hasMicrotasks(program.source);
    case 'flat':
      return hasMicrotasks(program.source) || hasMicrotasks(program.inner);
    case 'join':
      return program.sources.some(hasMicrotasks);
    case 'shared':
      return hasMicrotasks(program.source);
    default:
      return false;
  }
};
