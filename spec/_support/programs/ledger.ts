// A run of three transactions on a table of its user's, started together with a row of another one. Its process is killed before or after
// its n-th commit, the start being the first. Arguments: url, `before` | `after` | `never`, n.
import { mergeMap, range, toArray, type Observable } from 'rxjs';
import { Tempolite } from '../../../source/client/tempolite.js';
import { activity, transaction, workflow } from '../../../source/index.js';
import { openJournal } from '../../../source/journal/libsql/open-journal.js';
import Database from 'libsql';

const [url = '', when = 'never', n = '0'] = process.argv.slice(2);

const database = new Database(url.slice('file:'.length));
database.exec(`PRAGMA journal_mode = WAL;
  CREATE TABLE IF NOT EXISTS entries (n INTEGER);
  CREATE TABLE IF NOT EXISTS orders (id TEXT)`);
database.close();

const ledger = workflow('ledger', (count$: Observable<number>) =>
  count$.pipe(
    mergeMap((count) => range(0, count)),
    transaction(
      'enter',
      (entry) => ({ sql: 'INSERT INTO entries VALUES (?)', args: [entry] }),
      (_, entry) => entry,
    ),
    activity('see', (entry: number) => Promise.resolve(entry)),
    toArray(),
  ),
);

const die = (): void => {
  process.kill(process.pid, 'SIGKILL');
};

let commits = 0;
const counted =
  <A extends readonly unknown[], R>(write: (...args: A) => Promise<R>) =>
  async (...args: A): Promise<R> => {
    commits += 1;
    const isLast = commits === Number(n);
    if (when === 'before' && isLast) die();
    const written = await write(...args);
    if (when === 'after' && isLast) die();
    return written;
  };

const journal = await openJournal({ url });
journal.commit = counted(journal.commit.bind(journal));
journal.start = counted(journal.start.bind(journal));

const tempolite = await Tempolite.over(journal, { workflows: [ledger] });
const order = { sql: 'INSERT INTO orders VALUES (?)', args: ['three'] };
const run = await tempolite.start(ledger, 3, { id: 'three', with: order });
const result = await run.result();
await tempolite.close();
process.send?.({ result, commits });
process.disconnect();
