// Starts runs on a pool in which each has a file of its own, and dies at a step of that.
// Arguments: the folder, the number of the step, whether it dies before or after it, what ids begin with.
import { map, type Observable } from 'rxjs';
import { workflow } from '../../../source/index.js';
import { Tempolite } from '../../../source/client/tempolite.js';
import { steppedPool } from '../mortal-pool.js';

const [folder = '', at = '0', moment = 'before', name = 'run'] = process.argv.slice(2);

let count = 0;
const journal = await steppedPool(folder, (what, now) => {
  if (now === 'before') count += 1;
  if (count !== Number(at) || now !== moment) return;
  process.send?.({ died: what }, () => process.kill(process.pid, 'SIGKILL'));
  // Nothing may happen until the word is out.
  Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 200);
  process.kill(process.pid, 'SIGKILL');
});

const plain = workflow('plain', (n$: Observable<number>) => n$.pipe(map((n) => n * 2)));
const tempolite = await Tempolite.over(journal, { workflows: [plain], closeTimeoutMs: 0 });
process.send?.({ open: true });
for (let n = 0; n < 3; n += 1) {
  const run = await tempolite.start(plain, n, { id: `${name} ${n}` });
  process.send?.({ started: run.id });
  await run.result();
}
await tempolite.close();
process.send?.({ steps: count }, () => {
  process.disconnect();
});
