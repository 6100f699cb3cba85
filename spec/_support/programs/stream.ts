// A run with one stream of 1,000 values; the process is killed once so many of them are recorded.
// Arguments: url, `skip` | `context`, kill after so many values.
import { reduce, type Observable } from 'rxjs';
import { activity, Tempolite, workflow, type ActivityContext } from '../../../source/index.js';

const [url = '', resume = 'skip', limit = 'Infinity'] = process.argv.slice(2);
let emittedBefore = 0;
let produced = 0;

const thousand = async function* (_: number, { emitted, last }: ActivityContext<number>): AsyncGenerator<number> {
  emittedBefore = emitted;
  const from = resume === 'context' ? emitted : 0;
  if (from > 0 && last !== from - 1) throw new Error(`the last value is ${String(last)}`);
  for (let value = from; value < 1000; value += 1) {
    produced += 1;
    yield await Promise.resolve(value);
  }
};

const streaming = workflow('streaming', (n$: Observable<number>) =>
  n$.pipe(
    activity('thousand', thousand, { resume: resume as 'skip' | 'context', buffer: 20 }),
    reduce(({ sum, count }, value) => ({ sum: sum + value, count: count + 1 }), { sum: 0, count: 0 }),
  ),
);

const tempolite = await Tempolite.open({ url, workflows: [streaming] });
const run = await tempolite.start(streaming, 0, { id: 'stream' });
let recorded = 0;
run.events$.subscribe(({ type }) => {
  if (type === 'activity-emitted') recorded += 1;
  if (recorded >= Number(limit)) process.kill(process.pid, 'SIGKILL');
});
const result = await run.result();
await tempolite.close();
process.send?.({ result, emitted: emittedBefore, produced });
process.disconnect();
