// Takes care of a database and is killed over it. Arguments: url, `prune` | `rewrite` | the path of a backup, when it is killed: as in
// `dieAt`, or `progress N`: at the N-th report.
import { Tempolite } from '../../../source/index.js';
import { dieAt } from '../mortal.js';

const [url = '', job = '', instant = 'never'] = process.argv.slice(2);

const tempolite = await Tempolite.open({ url, worker: false });
const counted = dieAt(instant);
let reports = 0;
const onProgress = (): void => {
  reports += 1;
  if (instant === `progress ${reports}`) process.kill(process.pid, 'SIGKILL');
};
if (job === 'prune') await tempolite.prune({ onProgress });
else if (job === 'rewrite') await tempolite.prune({ onProgress, space: 'rewrite' });
else await tempolite.backup(job);
process.send?.({ reports, commits: counted.commits });
await tempolite.close();
process.disconnect();
