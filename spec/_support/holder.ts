import { openJournal } from '../../source/journal/libsql/open-journal.js';
import { newId } from '../../source/values/ids.js';
import { newRun, output } from './journals.js';

/** A process of its own that takes the database in its argument, writes a little, says so, and stays until it is killed. */
const anHour = 3_600_000;

const journal = await openJournal({ url: `file:${process.argv[2] ?? ''}` });
await journal.acquire({ id: newId(), leaseMs: anHour });
await journal.start(newRun('left', { status: 'running' }));
await journal.commit({ runId: 'left', link: 0, events: [output(1), output(2)] });
process.stdout.write('held\n');
setInterval(() => undefined, anHour);
