import { map, of, type Observable } from 'rxjs';
import { activity, defineActivity, defineSignal, workflow } from '../../source/index.js';
import { type StubContext, type Stubs, type TimedSignal } from '../../source/testing/index.js';
import type { Scene } from '../../source/testing/scene.js';

export const go = defineSignal<string>('go');
export const stop = defineSignal<string>('stop');
export const start = defineSignal<string>('start');

type Job = { readonly ms: number; readonly value: string; readonly failures?: number };

const outside = (): never => {
  throw new Error('the world of the play stands in for this activity');
};

/** Takes `ms` and gives `value`, after so many failed attempts. */
export const job = defineActivity<Job, string>(
  'job',
  { concurrency: 100, retry: { initialInterval: 7, jitter: 0 } },
  outside,
);

/** Three times `n` values, one every 5 ms. */
export const stream = defineActivity<number, number>('stream', {}, outside);

const stubs: Stubs = {
  job: async ({ ms, value, failures = 0 }: Job, { after, attempt }: StubContext) => {
    await after(ms);
    if (attempt <= failures) throw new Error(`${value} failed`);
    return value;
  },
  stream: async function* (n: number, { after }: StubContext) {
    for (let i = 0; i < n * 3; i += 1) {
      await after(5 * (i + 1));
      yield i;
    }
  },
};

type Body = (input$: Observable<number>) => Observable<unknown>;

export const play = (body: Body, signals: readonly TimedSignal[] = []): Scene => ({
  runs: [{ id: 'run', workflow: workflow('play', body), input: 3 }],
  world: { activities: stubs, signals },
});

/** Three jobs that end at 30, 12 and 21. */
export const three = of({ ms: 30, value: 'a' }, { ms: 12, value: 'b' }, { ms: 21, value: 'c' }).pipe(activity(job));

export const doubled = (source: Observable<string>): Observable<string> =>
  source.pipe(
    map((v) => ({ ms: 5, value: `${v}${v}` })),
    activity(job),
  );
