import type { ExecutionContext } from 'ava';
import { Connection } from '../../source/journal/libsql/connection.js';
import { databaseOf } from './files.js';

/** A connection that is closed when the test is over; to a file of its own, or to one that a journal has open. */
export const opened = (t: ExecutionContext, path = databaseOf(t)): Connection => {
  const connection = new Connection(path);
  t.teardown(() => {
    connection.close();
  });
  connection.all('PRAGMA journal_mode = WAL');
  return connection;
};
