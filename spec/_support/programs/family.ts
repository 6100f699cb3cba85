// A run with three children whose process is killed before or after its n-th commit.
// Arguments: url, the file that is the outside world, `before` | `after` | `never`, n.
import { appendFileSync } from 'node:fs';
import { concatMap, forkJoin, map, of, type Observable } from 'rxjs';
import { Tempolite } from '../../../source/client/tempolite.js';
import { activity, execute, workflow, type ActivityContext } from '../../../source/index.js';
import { openJournal } from '../../../source/journal/libsql/open-journal.js';

const [url = '', world = '', when = 'never', n = '0'] = process.argv.slice(2);

const child = workflow('child', (name$: Observable<string>) =>
  name$.pipe(
    activity('work', (name: string, { idempotencyKey }: ActivityContext<string>) => {
      appendFileSync(world, `${idempotencyKey}\n`);
      return `${name} done`;
    }),
  ),
);

const family = workflow('family', (x$: Observable<string>) =>
  x$.pipe(
    concatMap((x) => execute(child, `${x} 1`)),
    concatMap((first) => forkJoin([of(first), execute(child, 'b'), execute(child, 'c')])),
    map((all) => all.join(', ')),
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
  const dies = commits === Number(n);
  if (dies && when === 'before') die();
  const written = await commit(change);
  if (dies && when === 'after') die();
  return written;
};

const tempolite = await Tempolite.over(journal, { workflows: [family, child] });
const run = await tempolite.start(family, 'a', { id: 'family' });
const result = await run.result();
const runs = (await tempolite.list()).map(({ id, status }) => `${id} ${status}`);
await tempolite.close();
process.send?.({ result, commits, runs });
process.disconnect();
