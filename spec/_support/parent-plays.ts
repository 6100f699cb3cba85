import {
  catchError,
  concat,
  concatMap,
  defer,
  EMPTY,
  map,
  merge,
  mergeMap,
  of,
  race,
  retry,
  take,
  throwError,
  timer,
  type Observable,
} from 'rxjs';
import {
  awaitSignal,
  childWorkflow,
  continueAsNew,
  defineActivity,
  defineSignal,
  execute,
  finalizeWith,
  workflow,
  type WorkflowDefinition,
} from '../../source/index.js';
import { requestAt, takes, type Stubs, type TimedRequest, type TimedSignal } from '../../source/testing/index.js';
import type { AnyWorkflow } from '../../source/run/workflow.js';
import type { Scene } from '../../source/testing/scene.js';

export const go = defineSignal<string>('go');

const outside = (): never => {
  throw new Error('the world of the play stands in for this activity');
};

type Job = { readonly ms: number; readonly value: string; readonly failures?: number };

const oneAttempt = { retry: { maxAttempts: 1 } } as const;

/** Takes `ms` and gives `value`, unless a failure of it has been dropped less often than it fails. */
const job = defineActivity<Job, string>('job', oneAttempt, outside);

const stubs: Stubs = {
  job: async ({ ms, value, failures = 0 }: Job, { after, dropped }) => {
    await after(ms);
    if (dropped < failures) throw new Error(`${value} failed`);
    return value;
  },
  tidy: takes(3, () => undefined),
};

/** One job. */
export const worker = workflow('worker', (job$: Observable<Job>) => job$.pipe(concatMap((spec) => execute(job, spec))));

/** One job, tried anew by the retry policy of the workflow. */
const stubborn = workflow(
  'stubborn',
  { retry: { maxAttempts: 3, initialInterval: 10, jitter: 0 } },
  (job$: Observable<Job>) =>
    job$.pipe(concatMap((spec) => concat(execute(job, { ms: 2, value: `before ${spec.value}` }), execute(job, spec)))),
);

/** Three outputs, apart by as many ms as its name has letters. */
const counter = workflow('counter', (name$: Observable<string>) =>
  name$.pipe(
    mergeMap((name) =>
      timer(name.length, name.length).pipe(
        take(3),
        map((i) => `${name}${i}`),
      ),
    ),
  ),
);

/** Tidies up after a job that it may not be let finish. */
const tidyWorker = workflow('tidy worker', (job$: Observable<Job>) =>
  job$.pipe(concatMap((spec) => execute(job, spec).pipe(finalizeWith('tidy', outside)))),
);

/** As many generations of children. */
const nested: WorkflowDefinition<number, string> = workflow('nested', (n$: Observable<number>) =>
  n$.pipe(
    mergeMap((n) =>
      n === 0 ? execute(job, { ms: 4, value: 'leaf' }) : execute(nested, n - 1).pipe(map((text) => `${n}${text}`)),
    ),
  ),
);

/** Three links, each with a job and an output. */
const chain = workflow('chain', (n$: Observable<number>) =>
  n$.pipe(
    concatMap((n) =>
      execute(job, { ms: 6, value: `link ${n}` }).pipe(
        mergeMap((text) => (n === 2 ? of(text) : concat(of(text), continueAsNew(n + 1)))),
      ),
    ),
  ),
);

/** An output, then a job that fails once, then another output. */
const hesitant = workflow('hesitant', (name$: Observable<string>) =>
  name$.pipe(
    concatMap((name) =>
      concat(of(`${name} first`), execute(job, { ms: 7, value: name, failures: 1 }), of(`${name} last`)),
    ),
  ),
);

/** Two links, each with a child that is heard to its end. */
const links = workflow('links', (n$: Observable<number>) =>
  n$.pipe(concatMap((n) => concat(execute(counter, `link${n}`), n === 1 ? EMPTY : defer(() => continueAsNew(n + 1))))),
);

/** The first link goes on while its children are at work, the second ends by itself. */
const leavers = workflow('leavers', (n$: Observable<number>) =>
  n$.pipe(
    mergeMap((n) =>
      n === 1
        ? execute(job, { ms: 40, value: 'second' })
        : merge(
            execute(tidyWorker, { ms: 20, value: 'cancelled' }),
            execute(tidyWorker, { ms: 21, value: 'terminated' }, { onClose: 'terminate' }),
            execute(tidyWorker, { ms: 22, value: 'abandoned' }, { onClose: 'abandon' }),
            execute(job, { ms: 9, value: 'first' }).pipe(
              finalizeWith('tidy', outside),
              mergeMap(() => continueAsNew(1)),
            ),
          ),
    ),
  ),
);

/** Each link takes one letter. */
const mover = workflow('mover', (n$: Observable<number>) =>
  n$.pipe(
    awaitSignal(go, (text, n) => ({ text, n })),
    concatMap(({ text, n }) => concat(of(`${n} ${text}`), n === 2 ? EMPTY : defer(() => continueAsNew(n + 1)))),
  ),
);

const workflows = [worker, stubborn, counter, tidyWorker, nested, chain, hesitant, links, leavers, mover];

const alone = (definition: AnyWorkflow, signals: readonly TimedSignal[] = []): Scene => ({
  runs: [{ id: 'run', workflow: definition, input: 0 }],
  world: { activities: stubs, workflows, signals },
});

type Body = (input$: Observable<number>) => Observable<unknown>;

interface PlayOptions {
  readonly signals?: readonly TimedSignal[];
  readonly requests?: readonly TimedRequest[];
  readonly retries?: number;
}

const play = (body: Body, { signals: letters = [], requests = [], retries }: PlayOptions = {}): Scene => ({
  runs: [
    {
      id: 'run',
      workflow: workflow(
        'play',
        retries === undefined ? {} : { retry: { maxAttempts: retries, initialInterval: 20, jitter: 0 } },
        body,
      ),
      input: 0,
    },
  ],
  world: { activities: stubs, workflows, signals: letters, requests },
});

const a = { ms: 20, value: 'a' };
const b = { ms: 8, value: 'b' };
const broken = { ms: 9, value: 'x', failures: 99 };

/** A parent that goes back after 13 ms, and is asked for nothing more before. */
const rewound = (child: Observable<unknown>, goTo: number): Scene =>
  play(() => concat(child, execute(worker, b)), {
    requests: [requestAt(13, 'pause', 'run'), { at: 15, control: { type: 'rewind', goTo }, runId: 'run' }],
  });

/** Pipelines of children that are crashed after every single event. */
export const parentPlays: Readonly<Record<string, Scene>> = {
  'children two at a time, each with several outputs': play(() =>
    of('xxxxx', 'yyyyyyy', 'zzzz').pipe(childWorkflow(counter, { concurrency: 2 })),
  ),
  'generations of children': play(() => execute(nested, 4)),
  'a child that fails, subscribed to once more': play(() =>
    execute(worker, { ...b, failures: 1 }).pipe(
      retry(1),
      catchError(() => of('twice')),
    ),
  ),
  'a child that is unsubscribed from in the turn that asked for it': play(() =>
    concat(race(execute(tidyWorker, a), of('at once')), execute(worker, b)),
  ),
  'a parent that is retried for good': play(
    () => merge(execute(worker, broken), execute(tidyWorker, { ms: 90, value: 'l' })),
    {
      retries: 2,
    },
  ),
  'a child that was started behind the failure': play(
    () =>
      execute(job, { ms: 5, value: 'own', failures: 1 }).pipe(
        catchError((error: unknown) =>
          merge(
            execute(tidyWorker, { ms: 90, value: 'lost' }),
            timer(11).pipe(mergeMap(() => throwError(() => error as Error))),
          ),
        ),
      ),
    { retries: 3 },
  ),
  'a parent that is rewound behind a child at work': rewound(execute(tidyWorker, { ms: 50, value: 'twice' }), 0),
  'a parent that is rewound behind a child that is done': rewound(execute(counter, 'nnnn'), 0),
  'a parent that is rewound behind an output of a child': rewound(execute(counter, 'nnnnnnnnn'), 1),
  'a parent that only waits for a child that only waits is cancelled': play(() => execute(mover, 0), {
    requests: [requestAt(11, 'cancel', 'run')],
  }),
  'a link that leaves its children': alone(leavers),
};
