import { fork } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import { defineSignal, Tempolite } from '../../source/index.js';
import { withFile } from '../files.js';
import { percentile, type Result } from '../result.js';
import { across as workflow } from './across-worker.js';

interface Told {
  readonly place: string;
  readonly n: number;
  readonly at: string;
}

const go = defineSignal('go');
const samples = 200;
const rest = (): Promise<void> => new Promise((resolve) => setTimeout(resolve, 20));

/** Two processes on one file: from `start` or `signal` in one to the activity in the other. */
export const w7 = (): Promise<Result[]> =>
  withFile(async (path) => {
    const child = fork(fileURLToPath(new URL('across-worker.js', import.meta.url)), [path]);
    const heard = async (place: string): Promise<bigint> => {
      for (;;) {
        const [message] = (await once(child, 'message')) as [Told];
        if (message.place === place) return BigInt(message.at);
      }
    };
    await heard('open');
    const client = await Tempolite.open({ url: `file:${path}`, worker: false });
    const [starts, signals, results]: [number[], number[], number[]] = [[], [], []];
    for (let sample = 0; sample < samples; sample += 1) {
      const first = heard('first');
      const startedAt = process.hrtime.bigint();
      const run = await client.start(workflow, sample);
      starts.push(Number((await first) - startedAt) / 1e6);
      await rest();
      const second = heard('second');
      const signalledAt = process.hrtime.bigint();
      await run.signal(go);
      const calledAt = await second;
      signals.push(Number(calledAt - signalledAt) / 1e6);
      await run.result();
      results.push(Number(process.hrtime.bigint() - calledAt) / 1e6);
      await rest();
    }
    child.send('close');
    await once(child, 'exit');
    await client.close();
    return [
      { id: 'W7-start-p50', what: 'start to activity, two processes, p50', value: percentile(starts, 0.5), unit: 'ms' },
      {
        id: 'W7-signal-p50',
        what: 'signal to activity, two processes, p50',
        value: percentile(signals, 0.5),
        unit: 'ms',
        aim: ['<=', 15],
      },
      {
        id: 'W7-signal-p99',
        what: 'signal to activity, two processes, p99',
        value: percentile(signals, 0.99),
        unit: 'ms',
      },
      {
        id: 'W7-result-p50',
        what: 'activity to result, two processes, p50',
        value: percentile(results, 0.5),
        unit: 'ms',
      },
    ];
  });
