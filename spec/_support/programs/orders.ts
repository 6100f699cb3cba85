// A worker that starts orders and works on them, and is killed before or after its n-th commit. Arguments: url, the file that is the
// outside world, `before` | `after` | `never`, n.
import { Tempolite } from '../../../source/index.js';
import { openJournal } from '../../../source/journal/libsql/open-journal.js';
import { leaseMs, ordersIn, ordersToStart } from '../orders.js';

const [url = '', world = '', when = 'never', n = '0'] = process.argv.slice(2);

const journal = await openJournal({ url });
let commits = 0;
const dieIf = (at: string, commit: number): void => {
  if (when === at && commit === Number(n)) process.kill(process.pid, 'SIGKILL');
};
const commit = journal.commit.bind(journal);
journal.commit = async (change) => {
  const mine = (commits += 1);
  dieIf('before', mine);
  const written = await commit(change);
  dieIf('after', mine);
  return written;
};

const { order } = ordersIn(world);
const tempolite = await Tempolite.over(journal, { workflows: [order], leaseMs });
await Promise.all(ordersToStart.map((id) => tempolite.start(order, id, { id })));
await Promise.all(ordersToStart.map((id) => tempolite.run(id).result()));
process.send?.({ commits });
await tempolite.close();
process.disconnect();
