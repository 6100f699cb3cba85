// Takes care of a database and is killed over it. Arguments: url, `prune` | `rewrite` | the path of a backup, when it is killed: as in
// `dieAt`, or `progress N`: at the N-th report. There are many of it: it loads no more than it needs.
import { prune } from '../../../source/client/prune.js';
import { openJournal } from '../../../source/journal/libsql/open-journal.js';
import { dieAt } from '../mortal.js';

const [url = '', job = '', instant = 'never'] = process.argv.slice(2);

const journal = await openJournal({ url });
const counted = dieAt(instant);
let reports = 0;
const onProgress = (): void => {
  reports += 1;
  if (instant === `progress ${reports}`) process.kill(process.pid, 'SIGKILL');
};
if (job === 'prune') await prune(journal, Date.now(), { onProgress });
else if (job === 'rewrite') await prune(journal, Date.now(), { onProgress, space: 'rewrite' });
else await journal.file?.backup(job);
process.send?.({ reports, commits: counted.commits });
await journal.close();
process.disconnect();
