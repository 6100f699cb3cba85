import type { Observable } from 'rxjs';
import { awaitSignal, defineSignal, Tempolite, workflow } from '../../source/index.js';
import { megabytesOf, withFile } from '../files.js';
import { secondsOf, type Result } from '../result.js';

const go = defineSignal('go');
const waiting = workflow('waiting', (n$: Observable<number>) => n$.pipe(awaitSignal(go)));
const runs = 10_000;

const heapMegabytes = (): number => {
  globalThis.gc?.();
  return process.memoryUsage().heapUsed / 2 ** 20;
};

/** W6: 10,000 runs that wait for a signal. */
export const w6 = (): Promise<Result[]> =>
  withFile(async (path) => {
    const tempolite = await Tempolite.open({ url: `file:${path}`, workflows: [waiting], evictAfterMs: 500 });
    const before = heapMegabytes();
    const parked = new Set<string>();
    const seconds = await secondsOf(async () => {
      const all = new Promise<void>((resolve) => {
        tempolite.runs$({ status: 'waiting' }).subscribe(({ id }) => {
          if (parked.add(id).size === runs) resolve();
        });
      });
      await Promise.all(Array.from({ length: runs }, (_, n) => tempolite.start(waiting, n)));
      await all;
    });
    parked.clear();
    const rss = process.memoryUsage().rss / 2 ** 20;
    while (tempolite.worker.residents.size > 0) await new Promise((resolve) => setTimeout(resolve, 20));
    const evicted = heapMegabytes() - before;
    const file = megabytesOf(path);
    await tempolite.close();
    return [
      { id: 'W6', what: '10,000 runs started and parked', value: seconds, unit: 's', aim: ['<=', 1] },
      { id: 'W6-rss', what: 'RSS then', value: rss, unit: 'MB' },
      { id: 'W6-heap', what: 'heap that is left of them once evicted', value: evicted, unit: 'MB', aim: ['<=', 1] },
      { id: 'W6-file', what: 'file with WAL', value: file, unit: 'MB' },
    ];
  });
