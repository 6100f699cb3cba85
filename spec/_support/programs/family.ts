// A parent with two children, one after the other, whose process is killed before or after its n-th commit.
// Arguments: url, the file that is the outside world, `before` | `after` | `never`, n.
import { appendFileSync } from 'node:fs';
import { from, mergeMap, reduce, type Observable } from 'rxjs';
import { Tempolite } from '../../../source/client/tempolite.js';
import { activity, childWorkflow, workflow, type ActivityContext } from '../../../source/index.js';
import { openJournal } from '../../../source/journal/libsql/open-journal.js';

const [url = '', world = '', when = 'never', n = '0'] = process.argv.slice(2);

const child = workflow('child', (n$: Observable<number>) =>
  n$.pipe(
    activity('work', (input: number, { idempotencyKey }: ActivityContext<number>) => {
      appendFileSync(world, `${idempotencyKey}\n`);
      return input * 10;
    }),
  ),
);

const parent = workflow('parent', (n$: Observable<number>) =>
  n$.pipe(
    mergeMap(() => from([1, 2])),
    childWorkflow(child),
    reduce((all: readonly number[], each) => [...all, each], []),
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
  // Several runs commit at once: the counter moves on while this one is written.
  const isMeant = commits === Number(n);
  if (when === 'before' && isMeant) die();
  const written = await commit(change);
  if (when === 'after' && isMeant) die();
  return written;
};

const tempolite = await Tempolite.over(journal, { workflows: [parent, child] });
const run = await tempolite.start(parent, 0, { id: 'parent' });
const result = await run.result();
const runs = await tempolite.list();
await tempolite.close();
process.send?.({ result, commits, runs: runs.map(({ id, status }) => `${id} ${status}`) });
process.disconnect();
