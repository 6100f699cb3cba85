// A run of ten activities whose process is killed before or after its n-th commit.
// Arguments: url, the file that is the outside world, `before` | `after` | `never`, n.
import { appendFileSync } from 'node:fs';
import type { Observable } from 'rxjs';
import { Tempolite } from '../../../source/client/tempolite.js';
import { activity, workflow, type ActivityContext } from '../../../source/index.js';
import { openJournal } from '../../../source/journal/libsql/open-journal.js';

const [url = '', world = '', when = 'never', n = '0'] = process.argv.slice(2);

const step = (input: number, { idempotencyKey }: ActivityContext<number>): Promise<number> => {
  appendFileSync(world, `${idempotencyKey}\n`);
  return Promise.resolve(input + 1);
};

const tenSteps = workflow('ten-steps', (n$: Observable<number>) =>
  n$.pipe(
    activity('step', step),
    activity('step', step),
    activity('step', step),
    activity('step', step),
    activity('step', step),
    activity('step', step),
    activity('step', step),
    activity('step', step),
    activity('step', step),
    activity('step', step),
  ),
);

const die = (): void => {
  process.kill(process.pid, 'SIGKILL');
};

const journal = await openJournal({ url });
let commits = 0;
const commit = journal.commit.bind(journal);
journal.commit = async (change) => {
  commits += 1;
  if (when === 'before' && commits === Number(n)) die();
  const written = await commit(change);
  if (when === 'after' && commits === Number(n)) die();
  return written;
};

const tempolite = await Tempolite.over(journal, { workflows: [tenSteps] });
const run = await tempolite.start(tenSteps, 0, { id: 'ten' });
const result = await run.result();
await tempolite.close();
process.send?.({ result, commits });
process.disconnect();
