// A run of 100,000 activities, one after the other, killed once so many of them are recorded. Arguments: url, kill after.
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { EMPTY, expand, filter, type Observable } from 'rxjs';
import { defineActivity, execute, Tempolite, workflow } from '../../../source/index.js';

const [url = '', limit = 'Infinity'] = process.argv.slice(2);
let calls = 0;

const count = defineActivity('count', {}, (n: number): number => {
  calls += 1;
  return n + 1;
});

const loop = workflow('loop', (n$: Observable<number>) =>
  n$.pipe(
    expand((n) => (n < 100_000 ? execute(count, n) : EMPTY)),
    filter((n) => n === 100_000),
  ),
);

// What is proved here is where it resumes, not that each commit is flushed: that would take a minute.
const tempolite = await Tempolite.open({ url, workflows: [loop], durability: 'normal' });
const run = await tempolite.start(loop, 0, { id: 'loop' });
if (limit !== 'Infinity') {
  tempolite.events$({ after: 0 }).subscribe(({ event }) => {
    if (event.seq >= Number(limit)) process.kill(process.pid, 'SIGKILL');
  });
}
const result = await run.result();
setFlagsFromString('--expose-gc');
(runInNewContext('gc') as () => void)();
const heapMb = Math.round(process.memoryUsage().heapUsed / 2 ** 20);
await tempolite.close();
process.send?.({ result, calls, heapMb });
process.disconnect();
