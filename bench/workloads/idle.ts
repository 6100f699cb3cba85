import { delay, type Observable } from 'rxjs';
import { awaitSignal, defineSignal, duration, Tempolite, workflow } from '../../source/index.js';
import { withFile } from '../files.js';
import { median, type Result } from '../result.js';

const go = defineSignal('go');
const waiting = workflow('waiting', (n$: Observable<number>) => n$.pipe(awaitSignal(go), delay(duration('7 days'))));
/** Each has a renewal of the lease; in one of them V8 may tidy up. */
const windows = 4;
const seconds = 5;

/** CPU of a process whose engine has nothing to do but to keep its lease. */
export const idle = (): Promise<Result[]> =>
  withFile(async (path) => {
    const tempolite = await Tempolite.open({ url: `file:${path}`, workflows: [waiting] });
    for (let n = 0; n < 100; n += 1) await tempolite.start(waiting, n);
    await new Promise((resolve) => setTimeout(resolve, 500));
    globalThis.gc?.();
    const shares: number[] = [];
    for (let window = 0; window < windows; window += 1) {
      const before = process.cpuUsage();
      await new Promise((resolve) => setTimeout(resolve, seconds * 1000));
      const { user, system } = process.cpuUsage(before);
      shares.push(((user + system) / (seconds * 1e6)) * 100);
    }
    await tempolite.close();
    return [
      {
        id: 'idle',
        what: 'CPU of an idle engine with 100 waiting runs, windows of 5 s',
        value: median(shares),
        unit: '%',
        aim: ['<=', 0.5],
      },
    ];
  });
