import { concat, from, map, mergeMap, of, type Observable } from 'rxjs';
import {
  activity,
  continueAsNew,
  defineActivity,
  defineSignal,
  execute,
  finalizeWith,
  workflow,
  type ChildOptions,
  type WorkflowDefinition,
} from '../../source/index.js';
import { takes, type StubContext, type Stubs, type World } from '../../source/testing/index.js';
import type { Scene } from '../../source/testing/scene.js';

export const go = defineSignal<string>('go');

interface Job {
  readonly ms: number;
  readonly value: string;
  /** Attempts that fail. */
  readonly failures?: number;
  /** How often it fails for good, before a retry of its run lets it pass. */
  readonly ruins?: number;
}

export const outside = (): never => {
  throw new Error('the world of the play stands in for this activity');
};

export const job = defineActivity<Job, string>(
  'job',
  { concurrency: 10, retry: { maxAttempts: 2, initialInterval: 7, jitter: 0 } },
  outside,
);

const stubs: Stubs = {
  job: async ({ ms, value, failures = 0, ruins = 0 }: Job, { after, attempt, dropped }: StubContext) => {
    await after(ms);
    if (attempt <= failures || dropped < ruins) throw new Error(`${value} failed`);
    return value;
  },
  bye: takes(6, () => undefined),
  'trip/book': takes(5, (value: string) => `booked ${value}`),
  'trip/book.compensation': takes(4, () => undefined),
};

/** Emits `value` so many times, one each `ms`. */
interface Task extends Job {
  readonly count?: number;
}

export const worker = workflow('worker', (task$: Observable<Task>) =>
  task$.pipe(
    mergeMap(({ count = 1, ...task }) =>
      from(Array.from({ length: count }, (_, n) => ({ ...task, value: `${task.value}${n}` }))),
    ),
    mergeMap((task) => execute(job, task), 1),
  ),
);

export const tidyWorker = workflow('tidy-worker', (task$: Observable<Task>) =>
  task$.pipe(activity(job), finalizeWith('bye', outside)),
);

/** A worker that a retry policy of its own sends back. */
export const stubborn = workflow(
  'stubborn',
  { retry: { maxAttempts: 3, initialInterval: 11, jitter: 0 } },
  (task$: Observable<Task>) => task$.pipe(activity(job)),
);

export const nested: WorkflowDefinition<number, string> = workflow('nested', (depth$: Observable<number>) =>
  depth$.pipe(
    mergeMap((depth) =>
      depth === 0
        ? execute(job, { ms: 5, value: 'bottom' })
        : execute(nested, depth - 1).pipe(map((text) => `${text}^`)),
    ),
  ),
);

/** Goes through so many links, emitting in each. */
export const links = workflow('links', (n$: Observable<number>) =>
  n$.pipe(
    mergeMap((n) => concat(execute(job, { ms: 5, value: `link ${n}` }), n > 0 ? continueAsNew(n - 1) : of('last'))),
  ),
);

type Body = (input$: Observable<number>) => Observable<unknown>;

export const workflows = [worker, tidyWorker, stubborn, nested, links];

export const play = (
  body: Body,
  world: World = {},
  options: { readonly retry?: { readonly maxAttempts: number; readonly initialInterval: number } } = {},
): Scene => ({
  runs: [
    {
      id: 'run',
      workflow: workflow('play', options.retry ? { retry: { jitter: 0, ...options.retry } } : {}, body),
      input: 3,
    },
  ],
  world: { activities: stubs, workflows, ...world },
});

export const task = (ms: number, value: string, more: Partial<Task> = {}): Task => ({ ms, value, ...more });

export const child = (
  ms: number,
  value: string,
  more: Partial<Task> = {},
  options: ChildOptions = {},
): Observable<string> => execute(worker, task(ms, value, more), options);

export const afterwards = (source: Observable<unknown>): Observable<unknown> =>
  concat(source, execute(job, { ms: 9, value: 'afterwards' }));

export const told = (error: unknown): Observable<string> => {
  const { code, message, cause } = error as { code: string; message: string; cause?: { message: string } };
  return of(`${code}: ${message} <- ${cause?.message ?? ''}`);
};
