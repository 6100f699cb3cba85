import { from, map, mergeMap, of, range, type Observable } from 'rxjs';
import {
  activity,
  awaitSignal,
  defineActivity,
  defineSignal,
  execute,
  expose,
  finalizeWith,
  getVersion,
  saga,
  scoped,
  sideEffect,
  signals,
  sleep,
  step,
  transaction,
  workflow,
  type ActivityDefinition,
  type Scope,
  type WorkflowDefinition,
} from '../../source/index.js';
import type { StubContext, Stubs } from '../../source/testing/index.js';
import { build, type Leaves } from './build.js';
import { signalNames, type BodyStep, type Program } from './program.js';

/** A piece of work: how long it takes, and how many of its attempts fail. */
export interface Job {
  readonly name: string;
  readonly ms: number;
  readonly failures: number;
}

interface Stream {
  readonly name: string;
  readonly gap: number;
  readonly count: number;
}

/** The policy of all jobs; the model of the simulator keeps it too. */
export const retryPolicy = { maxAttempts: 3, initialInterval: 7, backoff: 2, jitter: 0 } as const;

const outside = (): never => {
  throw new Error('the world of the simulator stands in for this activity');
};

const job = (concurrency: number): ActivityDefinition<Job, string> =>
  defineActivity<Job, string>('job', { concurrency, retry: retryPolicy }, outside);

const stream = defineActivity<Stream, string>('stream', {}, outside);

export const signalDefinitions = signalNames.map((name) => defineSignal<string>(name));

const signalOf = (index: number): (typeof signalDefinitions)[number] => {
  const signal = signalDefinitions[index];
  if (!signal) throw new RangeError(`no signal ${index}`);
  return signal;
};

const work = async ({ name, ms, failures }: Job, context: StubContext): Promise<string> => {
  await context.after(ms);
  if (context.attempt <= failures) throw new Error(`${name} failed`);
  return name;
};

/** A step of a saga is a job that also knows how long it takes to undo it. */
type Step = Job & { readonly undo: number };

/** What the jobs do to the world. */
export const stubs: Stubs = {
  job: work,
  'trip/work': work,
  'trip/work.compensation': ({ input: { undo } }: { readonly input: Step }, context: StubContext) =>
    context.after(undo),
  bye: (_: never, context: StubContext) => context.after(20),
  stream: async function* ({ name, gap, count }: Stream, context: StubContext) {
    for (let n = 0; n < count; n += 1) {
      await context.after(gap * (n + 1));
      yield `${name}s${n}`;
    }
  },
};

interface Child extends Job {
  readonly count: number;
}

/** What a child does. */
export const child = workflow('child', (child$: Observable<Child>) =>
  child$.pipe(
    mergeMap(({ name, ms, failures, count }) =>
      execute(job(1), { name, ms, failures }).pipe(
        mergeMap(() => range(0, count)),
        map((n) => `${name}c${n}`),
      ),
    ),
  ),
);

const trip = (beside: boolean): ((steps$: Observable<readonly Step[]>) => Observable<string>) =>
  saga(
    'trip',
    mergeMap((steps: readonly Step[]) => from(steps)),
    // One after the other, or all at once.
    mergeMap(
      (each) => of(each).pipe(step('work', outside, () => undefined, { retry: retryPolicy })),
      beside ? Infinity : 1,
    ),
  );

/** Called with each signal that reaches the pipeline. */
export type SignalTap = (signal: number, payload: string) => void;

const durable = (tap: SignalTap): Leaves => ({
  job: (name, ms, failures) => execute(job(1), { name, ms, failures }),
  jobs: (name, ms, concurrency) =>
    of(...ms.map((each, n) => ({ name: `${name}j${n}`, ms: each, failures: 0 }))).pipe(activity(job(concurrency))),
  stream: (name, gap, count) => execute(stream, { name, gap, count }),
  wait: (signal) =>
    of(0).pipe(
      awaitSignal(signalOf(signal), (payload) => {
        tap(signal, payload);
        return payload;
      }),
    ),
  signals: (signal) =>
    signals(signalOf(signal)).pipe(
      map((payload) => {
        tap(signal, payload);
        return payload;
      }),
    ),
  // A value that another call would not give again.
  sideEffect: (name) => of(name).pipe(sideEffect('effect', (it) => `${it}r`)),
  nap: (ms) => of('nap').pipe(sleep('nap', ms)),
  saga: (name, { steps, undo, beside }) =>
    of(steps.map(({ ms, failures }, n): Step => ({ name: `${name}p${n}`, ms, failures, undo }))).pipe(trip(beside)),
  child: (name, ms, failures, count) => execute(child, { name, ms, failures, count }),
  transaction: (name) =>
    of(name).pipe(
      transaction(
        'note',
        (it) => ({ sql: 'SELECT ? AS name', args: [it] }),
        ({ rows }) => `${String(rows[0]?.['name'])}x`,
      ),
    ),
  version: (name) => getVersion('change', 0, 1).pipe(map((version) => `${name}v${version}`)),
  exposed: (source) => source.pipe(expose('progress')),
  finalized: (source) => source.pipe(finalizeWith('bye', outside)),
  body: (name, steps) => of(name).pipe(mergeMap(scoped((_, scope) => runSteps(name, steps, scope)))),
});

const runSteps = async (name: string, steps: readonly BodyStep[], scope: Scope): Promise<string> => {
  const run = (ms: number, place: string): Promise<string> =>
    scope.execute(job(1), { name: `${name}${place}`, ms, failures: 0 });
  let result = name;
  for (const [index, step] of steps.entries()) {
    if (step.type === 'execute') result = await run(step.ms, `b${index}`);
    else if (step.type === 'sleep') await scope.sleep('nap', step.ms);
    else if (step.type === 'side-effect') result += await scope.sideEffect('effect', () => 'r');
    else result = (await Promise.all([run(step.ms[0], `l${index}`), run(step.ms[1], `r${index}`)])).join('&');
  }
  return result;
};

/** A program as a workflow. */
export const workflowOf = (
  name: string,
  program: Program,
  { tap = () => undefined, retries = false }: { readonly tap?: SignalTap; readonly retries?: boolean } = {},
): WorkflowDefinition<string, string> =>
  workflow(name, retries ? { retry: runPolicy } : {}, (input$: Observable<string>) =>
    input$.pipe(mergeMap(() => build(program, durable(tap)))),
  );

/** Of runs that are retried as a whole. */
const runPolicy = { maxAttempts: 2, initialInterval: 50, jitter: 0 } as const;
