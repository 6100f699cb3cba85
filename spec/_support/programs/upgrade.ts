// Opens a database, and is killed before its n-th statement; with 0 it tells how many there are. Every statement of a migration counts.
// Arguments: url, n.
import Database from 'libsql';
import { openJournal } from '../../../source/journal/libsql/open-journal.js';

const [url = '', n = '0'] = process.argv.slice(2);

let statements = 0;
const exec = Object.getOwnPropertyDescriptor(Database.prototype, 'exec')?.value as (sql: string) => unknown;
// A migration is one text of many statements: here they are executed one by one.
Database.prototype.exec = function (text) {
  for (const sql of text.replace(/--[^\n]*/g, '').split(';')) {
    if (sql.trim() === '') continue;
    statements += 1;
    if (statements === Number(n)) process.kill(process.pid, 'SIGKILL');
    exec.call(this, sql);
  }
  return this;
};

const journal = await openJournal({ url });
process.send?.({ statements });
await journal.close();
process.disconnect();
