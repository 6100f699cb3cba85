import type { Observable } from 'rxjs';
import { activity, awaitSignal, defineSignal, Tempolite, workflow } from '../../source/index.js';
import { withFile } from '../files.js';
import { percentile, type Result } from '../result.js';

const go = defineSignal('go');
const samples = 300;
const rest = (): Promise<void> => new Promise((resolve) => setTimeout(resolve, 3));

/** W5: from `start` to the first activity, and from `signal` to the activity behind it, on an idle engine. */
export const w5 = (): Promise<Result[]> =>
  withFile(async (path) => {
    let called: (at: number) => void = () => undefined;
    const nextCall = (): Promise<number> => new Promise((resolve) => (called = resolve));
    const note = (n: number): number => {
      called(performance.now());
      return n;
    };
    const it = workflow('latency', (n$: Observable<number>) =>
      n$.pipe(
        activity('first', note),
        awaitSignal(go, (_, n) => n),
        activity('second', note),
      ),
    );
    const tempolite = await Tempolite.open({ url: `file:${path}`, workflows: [it] });
    const starts: number[] = [];
    const signals: number[] = [];
    for (let sample = 0; sample < samples; sample += 1) {
      const first = nextCall();
      const startedAt = performance.now();
      const run = await tempolite.start(it, sample);
      starts.push((await first) - startedAt);
      await rest();
      const second = nextCall();
      const signalledAt = performance.now();
      await run.signal(go);
      signals.push((await second) - signalledAt);
      await run.result();
      await rest();
    }
    await tempolite.close();
    const rows = (id: string, what: string, values: readonly number[]): Result[] => [
      { id: `${id}-p50`, what: `${what}, p50`, value: percentile(values, 0.5), unit: 'ms', aim: ['<=', 1.5] },
      { id: `${id}-p99`, what: `${what}, p99`, value: percentile(values, 0.99), unit: 'ms', aim: ['<=', 5] },
    ];
    return [
      ...rows('W5-start', 'start to first activity', starts),
      ...rows('W5-signal', 'signal to next activity', signals),
    ];
  });
