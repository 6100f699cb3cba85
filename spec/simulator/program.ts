import fc from 'fast-check';

/** What a pipeline is made of. All times are ms; every program comes to an end once enough signals have come. */
export type Program =
  | { readonly type: 'of'; readonly count: number }
  | { readonly type: 'job'; readonly ms: number; readonly failures: number }
  | { readonly type: 'jobs'; readonly ms: readonly number[]; readonly concurrency: number }
  | { readonly type: 'stream'; readonly gap: number; readonly count: number }
  | { readonly type: 'ticks'; readonly first: number; readonly period: number; readonly count: number }
  | { readonly type: 'wait'; readonly signal: number }
  /** The first of two signals, then, or at the same time, the second one. */
  | { readonly type: 'choice'; readonly first: number; readonly second: number; readonly beside: boolean }
  | { readonly type: 'signals'; readonly signal: number; readonly count: number }
  | { readonly type: 'side-effect' }
  | { readonly type: 'nap'; readonly ms: number }
  | { readonly type: 'body'; readonly steps: readonly BodyStep[] }
  /** Steps one after the other, which take so long and fail so often; each is undone in `undo` ms. */
  | {
      readonly type: 'saga';
      readonly steps: readonly { readonly ms: number; readonly failures: number }[];
      readonly undo: number;
      readonly beside: boolean;
    }
  | { readonly type: 'child'; readonly ms: number; readonly failures: number; readonly count: number }
  | { readonly type: 'transaction' }
  /** `inVain`: something else is first. */
  | { readonly type: 'version'; readonly inVain: boolean }
  | { readonly type: 'op'; readonly op: Op; readonly ms: number; readonly count: number; readonly source: Program }
  | { readonly type: 'flat'; readonly how: Flat; readonly source: Program; readonly inner: Program }
  | { readonly type: 'join'; readonly how: Join; readonly sources: readonly [Program, Program, ...Program[]] }
  | { readonly type: 'shared'; readonly ms: number; readonly source: Program }
  | { readonly type: 'expand'; readonly ms: number; readonly depth: number };

/** A step of an async function. */
export type BodyStep =
  | { readonly type: 'execute'; readonly ms: number }
  | { readonly type: 'sleep'; readonly ms: number }
  | { readonly type: 'side-effect' }
  | { readonly type: 'both'; readonly ms: readonly [number, number] };

export const ops = [
  'audit',
  'bufferCount',
  'bufferTime',
  'catch',
  'debounce',
  'defaultIfEmpty',
  'delay',
  'distinct',
  'expose',
  'fail',
  'finalize',
  'groupBy',
  'microtask',
  'pairwise',
  'repeat',
  'retry',
  'sampleTime',
  'scan',
  'skip',
  'startWith',
  'take',
  'takeLast',
  'throttle',
  'timeInterval',
  'timeoutEach',
  'timeoutFirst',
  'toArray',
  'windowTime',
] as const;
export type Op = (typeof ops)[number];

const flats = ['merge', 'merge2', 'concat', 'switch', 'exhaust'] as const;
export type Flat = (typeof flats)[number];

const joins = [
  'merge',
  'concat',
  'race',
  'combineLatest',
  'zip',
  'forkJoin',
  'withLatestFrom',
  'takeUntil',
  'skipUntil',
  'sample',
  'buffer',
] as const;
export type Join = (typeof joins)[number];

/** Names of signals. */
export const signalNames = ['red', 'green', 'blue'] as const;

/** Mostly such that nothing falls together, sometimes such that much does. */
const time = fc.oneof({ weight: 6, arbitrary: fc.integer({ min: 1, max: 399 }) }, fc.constantFrom(0, 10, 20));
const failures = fc.oneof({ weight: 3, arbitrary: fc.constant(0) }, fc.nat({ max: 3 }));
/** Sagas are there to fail. */
const stepFailures = fc.oneof({ weight: 3, arbitrary: failures }, { weight: 1, arbitrary: fc.constant(3) });
const few = fc.integer({ min: 1, max: 4 });
const signal = fc.nat({ max: signalNames.length - 1 });

const step: fc.Arbitrary<BodyStep> = fc.oneof(
  fc.record({ type: fc.constant('execute' as const), ms: time }),
  fc.record({ type: fc.constant('sleep' as const), ms: time }),
  fc.record({ type: fc.constant('side-effect' as const) }),
  fc.record({ type: fc.constant('both' as const), ms: fc.tuple(time, time) }),
);

/** A job that is asked for in the very turn in which something beside it fails. */
const inVain: fc.Arbitrary<Program> = time.map((ms): Program => {
  const failing: Program = { type: 'op', op: 'fail', ms: 0, count: 1, source: { type: 'of', count: 1 } };
  return { type: 'join', how: 'merge', sources: [{ type: 'job', ms, failures: 0 }, failing] };
});

const leaf: fc.Arbitrary<Program> = fc.oneof(
  { weight: 1, arbitrary: fc.record({ type: fc.constant('of' as const), count: few }) },
  {
    weight: 3,
    arbitrary: fc.record({
      type: fc.constant('job' as const),
      ms: time,
      failures,
    }),
  },
  {
    weight: 3,
    arbitrary: fc.record({
      type: fc.constant('jobs' as const),
      ms: fc.array(time, { minLength: 2, maxLength: 4 }),
      concurrency: fc.integer({ min: 1, max: 3 }),
    }),
  },
  { weight: 1, arbitrary: fc.record({ type: fc.constant('stream' as const), gap: time, count: few }) },
  { weight: 2, arbitrary: fc.record({ type: fc.constant('ticks' as const), first: time, period: time, count: few }) },
  { weight: 2, arbitrary: fc.record({ type: fc.constant('wait' as const), signal }) },
  {
    weight: 3,
    arbitrary: fc.record({ type: fc.constant('choice' as const), first: signal, second: signal, beside: fc.boolean() }),
  },
  { weight: 1, arbitrary: fc.record({ type: fc.constant('signals' as const), signal, count: few }) },
  { weight: 1, arbitrary: fc.record({ type: fc.constant('side-effect' as const) }) },
  { weight: 1, arbitrary: fc.record({ type: fc.constant('nap' as const), ms: time }) },
  {
    weight: 1,
    arbitrary: fc.record({ type: fc.constant('body' as const), steps: fc.array(step, { minLength: 1, maxLength: 3 }) }),
  },
  { weight: 1, arbitrary: fc.record({ type: fc.constant('expand' as const), ms: time, depth: few }) },
  {
    weight: 3,
    arbitrary: fc.record({
      type: fc.constant('saga' as const),
      steps: fc.array(fc.record({ ms: time, failures: stepFailures }), { minLength: 1, maxLength: 3 }),
      undo: time,
      beside: fc.boolean(),
    }),
  },
  { weight: 2, arbitrary: fc.record({ type: fc.constant('child' as const), ms: time, failures, count: few }) },
  { weight: 1, arbitrary: fc.record({ type: fc.constant('transaction' as const) }) },
  { weight: 1, arbitrary: inVain },
  { weight: 2, arbitrary: fc.record({ type: fc.constant('version' as const), inVain: fc.boolean() }) },
);

/** Nested at most so deep. */
const deepest = 4;

/** Any program. */
export const program: fc.Arbitrary<Program> = fc.letrec<{ program: Program }>((tie) => ({
  program: fc.oneof(
    { maxDepth: deepest, depthIdentifier: 'program', withCrossShrink: true },
    { weight: 2, arbitrary: leaf },
    {
      weight: 4,
      arbitrary: fc.record({
        type: fc.constant('op' as const),
        op: fc.constantFrom(...ops),
        ms: time,
        count: few,
        source: tie('program'),
      }),
    },
    {
      weight: 3,
      arbitrary: fc.record({
        type: fc.constant('flat' as const),
        how: fc.constantFrom(...flats),
        source: tie('program'),
        inner: tie('program'),
      }),
    },
    {
      weight: 3,
      arbitrary: fc.record({
        type: fc.constant('join' as const),
        how: fc.constantFrom(...joins),
        sources: fc.tuple(tie('program'), tie('program')),
      }),
    },
    { weight: 1, arbitrary: fc.record({ type: fc.constant('shared' as const), ms: time, source: tie('program') }) },
  ),
})).program;
