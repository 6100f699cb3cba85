import { map, mergeMap, throwError, timer, type Observable } from 'rxjs';
import { TestScheduler } from 'rxjs/testing';
import {
  activity,
  defaultCodec,
  defineActivity,
  execute,
  workflow,
  type WorkflowDefinition,
} from '../../../source/index.js';
import { crashScene, type CrashReport } from '../../../source/testing/crash-everywhere.js';
import { TestEngine, type StubContext } from '../../../source/testing/index.js';
import { perform } from '../../../source/testing/perform.js';
import type { Scene } from '../../../source/testing/scene.js';
import { serve, type OutsideCase } from './refused.js';
import { sourcesOf, type Case } from './sources.js';

export interface Verdict {
  readonly verdict: 'durable' | 'deterministic without time' | 'refused';
  /** How often it was played with something going wrong. */
  readonly points: number;
  readonly message?: string;
}

interface Work {
  readonly ms: number;
  readonly value: unknown;
}

/** Pairs of crashes for each operator. */
const pairs = 5;

const once = { retry: { maxAttempts: 1 } };
const outside = (): never => {
  throw new Error('the world stands in for it');
};
const work = defineActivity<Work, unknown>('work', once, outside);
const failure = defineActivity<number, never>('failure', once, outside);

const durable = sourcesOf(
  <V>(ms: number, value: V) => execute(work, { ms, value }) as Observable<V>,
  (ms) => execute(failure, ms),
);

const plain = sourcesOf(
  (ms, value) => timer(ms).pipe(map(() => value)),
  (ms) => timer(ms).pipe(mergeMap(() => throwError(() => new Error('failed')))),
);

const sceneOf = (definition: WorkflowDefinition<string, unknown>): Scene => ({
  runs: [{ id: 'run', workflow: definition, input: 'go' }],
  world: {
    start: 0,
    activities: {
      work: async ({ ms, value }: Work, { after }: StubContext) => {
        await after(ms);
        return value;
      },
      failure: async (ms: number, { after }: StubContext) => {
        await after(ms);
        throw new Error('failed');
      },
    },
  },
});

/** The same operator under RxJS's own test scheduler, with timers instead of activities. */
export const modelOf = (it: Case): readonly string[] => {
  const shown: string[] = [];
  const scheduler = new TestScheduler(() => undefined);
  scheduler.run(() => {
    scheduler.schedule(() => {
      it(plain).subscribe({
        next: (value) => shown.push(`${scheduler.now()}: ${defaultCodec.encode(value)}`),
        error: () => shown.push(`${scheduler.now()}: failed`),
        complete: () => shown.push(`${scheduler.now()}: completed`),
      });
    });
  });
  return shown;
};

/** Plays an operator within a workflow, crashed everywhere. */
export const verdictOf = async (it: Case): Promise<Verdict & { readonly shown: readonly string[] }> => {
  const scene = sceneOf(
    workflow('conformance', (input$: Observable<string>) => input$.pipe(mergeMap(() => it(durable)))),
  );
  const { histories } = await perform(scene);
  const events = histories[0]?.events ?? [];
  const shown = events.flatMap((event) => {
    if (event.type === 'output-emitted') return [`${event.at}: ${event.payload}`];
    if (event.type === 'run-completed') return [`${event.at}: completed`];
    return event.type === 'run-failed' ? [`${event.at}: failed`] : [];
  });
  const report: CrashReport = await crashScene(scene, { pairs });
  const waits = events.some((event) => event.type === 'timer-fired');
  return { verdict: waits ? 'durable' : 'deterministic without time', points: report.points, shown };
};

/** Real time in which the outside world answers. */
const patienceMs = 2000;

/** Lets the outside world reach into a workflow; the run has to be blocked by it. */
export const refusalOf = async (it: OutsideCase): Promise<Verdict> => {
  const server = await serve();
  // It keeps the run at work until the outside world has answered.
  const patience = activity(
    'patience',
    (_: string, { signal }) =>
      new Promise<string>((resolve) => {
        const timing = setTimeout(resolve, patienceMs, 'nothing came');
        signal.addEventListener('abort', () => {
          clearTimeout(timing);
        });
      }),
  );
  const definition = workflow('refused', (input$: Observable<string>) =>
    input$.pipe(
      mergeMap((input, n) => [it(server.url), patience(input$).pipe(map((text) => `${text} ${input} ${n}`))]),
      mergeMap((each) => each),
    ),
  );
  const engine = await TestEngine.open({ workflows: [definition] });
  try {
    const run = await engine.start(definition, 'go');
    const error: unknown = await run.result().then(
      (value) => new Error(`it was let in: ${String(value)}`),
      (reason: unknown) => reason,
    );
    const { status } = await run.state();
    const message = error instanceof Error ? error.message : String(error);
    const text = message.replace(/run [\w-]{36}/, 'run …');
    return {
      verdict: 'refused',
      points: 0,
      message: status === 'blocked' ? text : `not blocked but ${status}: ${text}`,
    };
  } finally {
    await engine.close();
    server.close();
  }
};
