import { EMPTY, expand, filter, type Observable } from 'rxjs';
import { awaitSignal, defineActivity, defineSignal, execute, Tempolite, workflow } from '../../source/index.js';
import { withFile } from '../files.js';
import { median, repeated, rounds, type Result } from '../result.js';

const go = defineSignal('go');
const count = defineActivity('count', {}, (n: number) => n + 1);

const waitingAfter = (steps: number) =>
  workflow('waiting', (n$: Observable<number>) =>
    n$.pipe(
      expand((n) => (n < steps ? execute(count, n) : EMPTY)),
      filter((n) => n === steps),
      awaitSignal(go, (_, n) => n),
    ),
  );

/** From the wish to have a run in memory until it waits again: all of its events are read and replayed. Events per second. */
const replayOf = (events: number): Promise<number> =>
  withFile(async (path) => {
    const it = waitingAfter(events);
    const options = { url: `file:${path}`, workflows: [it], durability: 'normal' } as const;
    const before = await Tempolite.open(options);
    const { id } = await before.start(it, 0);
    const isWaiting = async (): Promise<boolean> => (await before.list({ status: 'waiting' })).length === 1;
    while (!(await isWaiting())) await new Promise((resolve) => setTimeout(resolve, 10));
    await before.close();
    const seconds = await repeated(
      async () => {
        const after = await Tempolite.open(options);
        const start = performance.now();
        const execution = await after.worker.activate(id);
        while (execution?.status === 'busy') await new Promise((resolve) => setImmediate(resolve));
        const end = performance.now();
        await after.close();
        return (end - start) / 1000;
      },
      rounds,
      events < 10_000 ? 20 : 2,
    );
    return events / median(seconds);
  });

/** W4: replay. */
export const w4 = async (): Promise<Result[]> => [
  {
    id: 'W4-1k',
    what: 'replay of 1,000 events',
    value: await replayOf(1000),
    unit: 'events/s',
    aim: ['>=', 150_000],
  },
  {
    id: 'W4-100k',
    what: 'replay of 100,000 events',
    value: await replayOf(100_000),
    unit: 'events/s',
    aim: ['>=', 150_000],
  },
];
