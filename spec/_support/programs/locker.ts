// Another program that has the database's write lock until it is told to let go. Argument: the path of the database.
import Database from 'libsql';

const database = new Database(process.argv[2] ?? '');
database.exec('BEGIN IMMEDIATE');
process.on('message', () => {
  database.exec('COMMIT');
  database.close();
  process.disconnect();
});
process.send?.({ locked: true });
