// Opens a database, tells how many statements that took, and closes it. Arguments: url, when it is killed.
import { openJournal } from '../../../source/journal/libsql/open-journal.js';
import { dieAt } from '../mortal.js';

const [url = '', instant = 'never'] = process.argv.slice(2);
const counted = dieAt(instant);
const journal = await openJournal({ url });
process.send?.({ statements: counted.statements });
await journal.close();
process.disconnect();
