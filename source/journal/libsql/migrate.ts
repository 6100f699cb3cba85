import { JournalError } from '../../errors.js';
import type { Connection } from './connection.js';
import { migrations, present } from './schema.js';

/** Brings the schema up to date, all or nothing. */
export const migrate = (connection: Connection): void => {
  if (versionOf(connection) === migrations.length) return;
  connection.transaction(() => {
    // Read again under the lock: another process may have been faster.
    refuseNewer(connection);
    const version = versionOf(connection);
    if (version === 0) connection.exec(present);
    else for (const migration of migrations.slice(version)) connection.exec(migration);
    connection.exec(`PRAGMA user_version = ${migrations.length}`);
  });
};

/** A database of a newer release is refused before anything touches it: its journal mode, too, is a part of the file. */
export const refuseNewer = (connection: Connection): void => {
  const version = versionOf(connection);
  if (version > migrations.length) throw newerError(version);
};

export const newerError = (version: number): JournalError =>
  new JournalError(
    'JOURNAL_NEWER',
    `this database has schema ${version}; this release of tempolite knows up to ${migrations.length}. It was left untouched: ` +
      'install the release that wrote it, or a newer one',
  );

const versionOf = (connection: Connection): number => Number(connection.all('PRAGMA user_version')[0]?.[0] ?? 0);
