import { map, mergeMap, of, type Observable } from 'rxjs';
import {
  activity,
  awaitSignal,
  defineActivity,
  defineSignal,
  execute,
  scoped,
  sideEffect,
  signals,
  sleep,
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

/** What the jobs do to the world. */
export const stubs: Stubs = {
  job: async ({ name, ms, failures }: Job, context: StubContext) => {
    await context.after(ms);
    if (context.attempt <= failures) throw new Error(`${name} failed`);
    return name;
  },
  stream: async function* ({ name, gap, count }: Stream, context: StubContext) {
    for (let n = 0; n < count; n += 1) {
      await context.after(gap * (n + 1));
      yield `${name}s${n}`;
    }
  },
};

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
  tap: SignalTap = () => undefined,
): WorkflowDefinition<string, string> =>
  workflow(name, (input$: Observable<string>) => input$.pipe(mergeMap(() => build(program, durable(tap)))));
