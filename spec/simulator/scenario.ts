import fc from 'fast-check';
import type { Fault } from '../../source/testing/mortal-journal.js';
import type { Scene } from '../../source/testing/scene.js';
import { requestAt, signalAt } from '../../source/testing/index.js';
import { copyId, copying, deedsOf, goingBack, noNotes, type GoingBack, type Notes } from './going-back.js';
import { child, signalDefinitions, stubs, workflowOf } from './leaves.js';
import type { Letter } from './model.js';
import { program, signalNames, type Program } from './program.js';

/** Something that goes wrong at a place between the beginning (0) and the end (1) of what a process would write. */
export interface Mishap {
  readonly place: number;
  readonly fault: 'dies-before' | 'dies-after' | 'loses' | 'fails';
}

/** How a scene is played once more. */
export interface Plan {
  /** What goes wrong in the first life, in the second, and so on. */
  readonly lives: readonly (readonly Mishap[])[];
  readonly evict: boolean;
}

/** A random world, with the programs in it and how it is disturbed. */
export interface Scenario {
  readonly programs: readonly Program[];
  /** Signals at random times; then, when it is calm, as many as anybody could wait for. */
  readonly letters: readonly { readonly at: number; readonly signal: number }[];
  readonly outages: readonly { readonly at: number; readonly length: number }[];
  readonly jumps: readonly { readonly at: number; readonly by: number }[];
  /** Runs are retried as a whole. */
  readonly retries: boolean;
  /** What is asked of all runs; when it is calm they go on again. */
  readonly requests: readonly {
    readonly at: number;
    readonly type: 'pause' | 'resume' | 'cancel' | 'terminate' | 'replay';
  }[];
  /** Who goes back in a history by hand, or makes another run of it. */
  readonly goingBack: readonly GoingBack[];
  readonly plans: readonly Plan[];
}

const mishap: fc.Arbitrary<Mishap> = fc.record({
  place: fc.nat({ max: 999 }).map((thousandth) => thousandth / 1000),
  fault: fc.constantFrom('dies-before', 'dies-after', 'loses', 'fails'),
});

/** Operators that repeat themselves tick all the way. */
const farMs = 20_000;
const busyMs = 1500;

const request: fc.Arbitrary<Scenario['requests'][number]> = fc.record({
  at: fc.nat({ max: busyMs }),
  type: fc.oneof(
    { weight: 6, arbitrary: fc.constantFrom('pause' as const, 'resume' as const, 'replay' as const) },
    { weight: 2, arbitrary: fc.constant('cancel' as const) },
    { weight: 1, arbitrary: fc.constant('terminate' as const) },
  ),
});

/**
 * Several things are asked while no process is up: who comes up reads all of them before the first is decided, so that a later one may find
 * a run that an earlier one has ended.
 */
const askedInOutage: fc.Arbitrary<Pick<Scenario, 'outages' | 'requests'>> = fc
  .record({
    at: fc.nat({ max: busyMs }),
    length: fc.integer({ min: 1, max: 900 }),
    requests: fc.array(request, { minLength: 2, maxLength: 4 }),
  })
  .map(({ at, length, requests }) => ({
    outages: [{ at, length }],
    requests: requests.map((each) => ({ ...each, at: at + (each.at % length) })),
  }));

/** A world that plain RxJS can be asked about. */
const undisturbed: Partial<Scenario> = { outages: [], jumps: [], requests: [] };

/** Somebody goes back, in a world that is quiet otherwise, or in any; or all that is done leaves the other runs as they are. */
const goneBack: fc.Arbitrary<Partial<Scenario>> = fc.oneof(
  {
    weight: 2,
    arbitrary: fc.array(goingBack, { minLength: 1, maxLength: 6 }).map((all) => ({ ...undisturbed, goingBack: all })),
  },
  {
    weight: 1,
    arbitrary: fc.array(goingBack, { minLength: 1, maxLength: 4 }).map((all) => ({ goingBack: all })),
  },
  {
    weight: 1,
    arbitrary: fc.array(copying, { minLength: 1, maxLength: 3 }).map((all) => ({ ...undisturbed, goingBack: all })),
  },
);

const world: fc.Arbitrary<Scenario & { readonly instead: Partial<Scenario> }> = fc.record({
  programs: fc.array(program, { minLength: 1, maxLength: 2 }),
  letters: fc.array(fc.record({ at: fc.nat({ max: busyMs }), signal: fc.nat({ max: signalNames.length - 1 }) }), {
    maxLength: 12,
  }),
  outages: fc.oneof(
    { weight: 3, arbitrary: fc.constant([]) },
    fc.array(fc.record({ at: fc.nat({ max: busyMs }), length: fc.integer({ min: 1, max: 900 }) }), {
      minLength: 1,
      maxLength: 1,
    }),
  ),
  jumps: fc.oneof(
    { weight: 4, arbitrary: fc.constant([]) },
    fc.array(fc.record({ at: fc.nat({ max: busyMs }), by: fc.constantFrom(-farMs, -50, 50, farMs) }), {
      minLength: 1,
      maxLength: 2,
    }),
  ),
  retries: fc.oneof({ weight: 5, arbitrary: fc.constant(false) }, { weight: 1, arbitrary: fc.constant(true) }),
  requests: fc.oneof({ weight: 5, arbitrary: fc.constant([]) }, fc.array(request, { minLength: 1, maxLength: 4 })),
  plans: fc.array(
    fc.record({
      lives: fc.array(fc.array(mishap, { minLength: 1, maxLength: 2 }), { maxLength: 3 }),
      evict: fc.boolean(),
    }),
    { minLength: 2, maxLength: 3 },
  ),
  goingBack: fc.constant([]),
  instead: fc.oneof(
    { weight: 9, arbitrary: fc.constant(undisturbed) },
    { weight: 10, arbitrary: fc.constant({}) },
    { weight: 1, arbitrary: askedInOutage },
    { weight: 5, arbitrary: goneBack },
  ),
});

export const scenario: fc.Arbitrary<Scenario> = world.map(({ instead, ...it }) => ({ ...it, ...instead }));

/** Of those in which somebody goes back. */
export const goneBackScenario: fc.Arbitrary<Scenario> = fc
  .tuple(world, goneBack, fc.boolean())
  .map(([{ instead: _, ...it }, back, retries]) => ({ ...it, ...back, retries }));

/** When it has become calm, how many signals of each name come then, and when it is over even for those who wait for more. */
const calmAt = 3000;
const calmLetters = 60;
export const overAt = 60_000;

/** All signals of a scenario in the order of their publication. Payloads count them, name by name. */
export const lettersOf = ({ letters }: Scenario): readonly Letter[] => {
  const counts = signalNames.map(() => 0);
  const calm = Array.from({ length: calmLetters * signalNames.length }, (_, n) => ({
    at: calmAt + n * 7,
    signal: n % signalNames.length,
  }));
  return [...[...letters].sort((a, b) => a.at - b.at), ...calm].map(({ at, signal }) => {
    const count = counts[signal] ?? 0;
    counts[signal] = count + 1;
    return { at, signal, payload: `${signalNames[signal] ?? ''}${count}` };
  });
};

/** The scene of a scenario: a run of each program, with the world around them. */
export const sceneOf = (
  it: Scenario,
  tap?: (run: string, signal: number, payload: string) => void,
  notes: Notes = noNotes(),
): Scene => ({
  runs: it.programs.map((each, n) => {
    const id = `run-${n}`;
    const workflow = workflowOf(`program-${n}`, each, {
      tap: (signal, payload) => tap?.(id, signal, payload),
      retries: it.retries,
    });
    return { id, workflow, input: 'go' };
  }),
  world: {
    activities: stubs,
    workflows: [child],
    signals: lettersOf(it).flatMap(({ at, signal, payload }) => {
      const definition = signalDefinitions[signal];
      const receivers = [undefined, ...it.goingBack.map((_, n) => copyId(n))];
      return definition ? receivers.map((runId) => signalAt(at, definition, payload, runId)) : [];
    }),
    requests: [
      ...it.requests.map(({ at, type }) => requestAt(at, type)),
      ...(it.requests.some(({ type }) => type === 'pause') ? [requestAt(calmAt, 'resume')] : []),
    ],
    until: overAt,
    outages: it.outages,
    jumps: it.jumps,
  },
  deeds: deedsOf(it.goingBack, calmAt, notes),
});

/** The faults of a plan, for a performance whose first process appends so often. */
export const livesOf = ({ lives }: Plan, appends: number): readonly (readonly Fault[])[] =>
  lives.map((mishaps) => mishaps.map(({ place, fault }) => ({ append: 1 + Math.floor(place * appends), fault })));
