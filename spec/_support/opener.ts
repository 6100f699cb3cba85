import { once } from 'node:events';
import { openJournal } from '../../source/journal/libsql/open-journal.js';

/** A process of its own that opens the database in its argument as soon as it is told to, and says how it went. */
process.stdout.write('ready\n');
await once(process.stdin, 'data');
const outcome = await openJournal({ url: `file:${process.argv[2] ?? ''}` })
  .then((journal) => journal.close())
  .then(
    () => 'opened',
    (error: unknown) => String(error),
  );
process.stdout.write(`${outcome}\n`, () => process.exit());
