// A run of so many links, each with an activity, whose process is killed before or after the commit that ends a link.
// Arguments: url, the file that is the outside world, links, `before` | `after` | `never`, link.
import { appendFileSync } from 'node:fs';
import { mergeMap, of, type Observable } from 'rxjs';
import { Tempolite } from '../../../source/client/tempolite.js';
import { activity, continueAsNew, workflow, type ActivityContext } from '../../../source/index.js';
import { openJournal } from '../../../source/journal/libsql/open-journal.js';

const [url = '', world = '', count = '0', when = 'never', link = '0'] = process.argv.slice(2);

const links = workflow('links', (n$: Observable<number>) =>
  n$.pipe(
    activity('visit', (n: number, { idempotencyKey }: ActivityContext<number>) => {
      appendFileSync(world, `${n} ${idempotencyKey}\n`);
      return n;
    }),
    mergeMap((n) => (n < Number(count) - 1 ? continueAsNew(n + 1) : of(`link ${n}`))),
  ),
);

const die = (): void => {
  process.kill(process.pid, 'SIGKILL');
};

// What is proved here is what is recorded, not that each commit is flushed.
const journal = await openJournal({ url, durability: 'normal' });
const commit = journal.commit.bind(journal);
journal.commit = async (change) => {
  const isMeant = change.next !== undefined && change.link === Number(link);
  if (when === 'before' && isMeant) die();
  const written = await commit(change);
  if (when === 'after' && isMeant) die();
  return written;
};

const tempolite = await Tempolite.over(journal, { workflows: [links] });
const run = await tempolite.start(links, 0, { id: 'links' });
const result = await run.result();
await tempolite.close();
process.send?.({ result });
process.disconnect();
