// A run of many links whose process is killed before or after the commit that begins a link.
// Arguments: url, the file that is the outside world, the number of links, `before` | `after` | `never`, the link.
import { appendFileSync } from 'node:fs';
import { concat, concatMap, of, type Observable } from 'rxjs';
import { Tempolite } from '../../../source/client/tempolite.js';
import { continueAsNew, defineActivity, execute, workflow, type ActivityContext } from '../../../source/index.js';
import { openJournal } from '../../../source/journal/libsql/open-journal.js';

const [url = '', world = '', count = '0', when = 'never', fatal = '0'] = process.argv.slice(2);

const mark = defineActivity('mark', {}, (n: number, { idempotencyKey }: ActivityContext<number>): number => {
  appendFileSync(world, `${idempotencyKey}\n`);
  return n;
});

const links = workflow('links', (n$: Observable<number>) =>
  n$.pipe(
    concatMap((n) => execute(mark, n)),
    concatMap((n) => (n === Number(count) - 1 ? of(`the end, ${n}`) : concat(of(`link ${n}`), continueAsNew(n + 1)))),
  ),
);

// A killed process loses nothing that was written, synced or not.
const journal = await openJournal({ url, durability: 'normal' });
const commit = journal.commit.bind(journal);
journal.commit = async (change) => {
  const dies = when !== 'never' && change.next !== undefined && change.link + 1 === Number(fatal);
  if (dies && when === 'before') process.kill(process.pid, 'SIGKILL');
  const written = await commit(change);
  if (dies) process.kill(process.pid, 'SIGKILL');
  return written;
};

const began = performance.now();
const tempolite = await Tempolite.over(journal, { workflows: [links] });
const run = await tempolite.start(links, 0, { id: 'links' });
const result = await run.result();
await tempolite.close();
process.send?.({ result, tookMs: performance.now() - began, heapBytes: process.memoryUsage().heapUsed });
process.disconnect();
