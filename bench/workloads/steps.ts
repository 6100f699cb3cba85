import { monitorEventLoopDelay } from 'node:perf_hooks';
import { expand, EMPTY, filter, from, map, mergeMap, reduce, type Observable } from 'rxjs';
import { Tempolite } from '../../source/client/tempolite.js';
import { activity, defineActivity, execute, workflow } from '../../source/index.js';
import { countingJournal, type Counts } from '../counting-journal.js';
import { withFile } from '../files.js';
import { rawRowsPerSecond } from '../raw.js';
import { median, percentile, repeated, rounds, secondsOf, type Result } from '../result.js';

const count = defineActivity('count', {}, (n: number) => Promise.resolve(n + 1));

const sequential = (steps: number) =>
  workflow('sequential', (n$: Observable<number>) =>
    n$.pipe(
      expand((n) => (n < steps ? execute(count, n) : EMPTY)),
      filter((n) => n === steps),
    ),
  );

const add = (n: number): Promise<number> => Promise.resolve(n + 1);
const five = workflow('five', (n$: Observable<number>) =>
  n$.pipe(activity('a', add), activity('b', add), activity('c', add), activity('d', add), activity('e', add)),
);

const wide = workflow('wide', (n$: Observable<number>) =>
  n$.pipe(
    mergeMap((n) => from(Array.from({ length: n }, (_, i) => i))),
    activity('add', add, { concurrency: Infinity }),
    reduce((sum, n) => sum + n, 0),
    map((sum) => sum),
  ),
);

interface Measured extends Counts {
  readonly seconds: number;
}

const measured = (
  it: ReturnType<typeof sequential>,
  work: (tempolite: Tempolite) => Promise<unknown>,
): Promise<Measured> =>
  withFile(async (path) => {
    const { journal, counts } = await countingJournal(`file:${path}`);
    const tempolite = await Tempolite.over(journal, { workflows: [it] });
    counts.commits = 0;
    counts.reads = 0;
    const seconds = await secondsOf(() => work(tempolite));
    const result = { ...counts, seconds };
    await tempolite.close();
    return result;
  });

/** W1: one run of 1,000 sequential activities, beside raw single-row commits measured between the rounds. */
export const w1 = async (): Promise<Result[]> => {
  const steps = 1000;
  const raws: number[] = [];
  const it = sequential(steps);
  const all = await repeated(async () => {
    raws.push(await rawRowsPerSecond(steps, 1));
    return measured(it, async (tempolite) => (await tempolite.start(it, 0)).result());
  });
  const value = steps / median(all.map(({ seconds }) => seconds));
  const raw = median(raws);
  const last = all.at(-1);
  // `start` and `result` read nothing but the end of the run.
  const reads = Math.max(0, (last?.reads ?? 0) - 2) / steps;
  return [
    {
      id: 'W1',
      what: '1,000 sequential activities in one run',
      value,
      unit: 'steps/s',
      raw,
      ratio: value / raw,
      aim: ['>=', 0.8 * raw],
    },
    {
      id: 'W1-commits',
      what: 'fsyncs (commits at synchronous=FULL) per step',
      value: (last?.commits ?? NaN) / steps,
      unit: '1/step',
      aim: ['<=', 1.1],
    },
    { id: 'W1-reads', what: 'reads per live step', value: reads, unit: '1/step', aim: ['<=', 0] },
  ];
};

/** W2: 1,000 runs of five activities, 100 at a time. */
export const w2 = async (): Promise<Result[]> => {
  const raws: number[] = [];
  const delays: number[] = [];
  const runs = 1000;
  const atOnce = 100;
  const all = await repeated(
    async () => {
      raws.push(await rawRowsPerSecond(20_000, 100));
      return measured(five, async (tempolite) => {
        const delay = monitorEventLoopDelay({ resolution: 1 });
        delay.enable();
        let next = 0;
        const work = async (): Promise<void> => {
          while (next < runs) {
            const run = await tempolite.start(five, (next += 1));
            await run.result();
          }
        };
        await Promise.all(Array.from({ length: atOnce }, work));
        delay.disable();
        // The monitor counts its own resolution as delay.
        delays.push(delay.percentile(99) / 1e6 - 1);
      });
    },
    rounds,
    4,
  );
  const steps = runs * 5;
  const value = steps / median(all.map(({ seconds }) => seconds));
  const raw = median(raws);
  return [
    {
      id: 'W2',
      what: '1,000 runs of 5 activities, 100 at a time',
      value,
      unit: 'steps/s',
      raw,
      ratio: value / raw,
      aim: ['>=', 40_000],
    },
    {
      id: 'W2-commits',
      what: 'fsyncs (commits at synchronous=FULL) per step',
      value: median(all.map(({ commits }) => commits)) / steps,
      unit: '1/step',
      aim: ['<=', 0.05],
    },
    { id: 'W2-loop', what: 'event-loop delay p99 meanwhile', value: median(delays), unit: 'ms', aim: ['<=', 15] },
  ];
};

/** W3: one run with 1,000 parallel activities. */
export const w3 = async (): Promise<Result[]> => {
  const all = await repeated(
    () => measured(wide, async (tempolite) => (await tempolite.start(wide, 1000)).result()),
    9,
    10,
  );
  return [
    {
      id: 'W3',
      what: 'one run with 1,000 parallel activities',
      value: median(all.map(({ seconds }) => seconds)) * 1000,
      unit: 'ms',
      aim: ['<=', 30],
    },
  ];
};

/** The gap between two steps at history 1, 1,000 and 10,000: it must be flat. */
export const gap = async (): Promise<Result[]> => {
  const stamps: number[] = [];
  const stamp = defineActivity('stamp', {}, (n: number) => {
    stamps.push(performance.now());
    return n + 1;
  });
  const steps = 10_200;
  const it = workflow('gap', (n$: Observable<number>) =>
    n$.pipe(
      expand((n) => (n < steps ? execute(stamp, n) : EMPTY)),
      filter((n) => n === steps),
    ),
  );
  await measured(it, async (tempolite) => (await tempolite.start(it, 0)).result());
  const gapAt = (history: number): number => {
    const some = stamps.slice(history, history + 200);
    return percentile(
      some.slice(1).map((at, place) => (at - (some[place] ?? 0)) * 1000),
      0.5,
    );
  };
  return [1, 1000, 10_000].map((history) => ({
    id: `gap-${history}`,
    what: `step to step at history ${history.toLocaleString('en')}`,
    value: gapAt(history),
    unit: 'µs',
  }));
};
