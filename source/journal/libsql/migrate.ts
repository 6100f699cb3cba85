import { JournalError } from '../../errors.js';
import type { Connection } from './connection.js';
import { migrations } from './schema.js';

/** Brings the schema up to date, all or nothing. A database of a newer release is refused untouched. */
export const migrate = (connection: Connection): void => {
  if (versionOf(connection) === migrations.length) return;
  connection.transaction(() => {
    // Read again under the lock: another process may have been faster.
    const version = versionOf(connection);
    if (version > migrations.length) {
      throw new JournalError(
        'JOURNAL_NEWER',
        `this database has schema ${version}; this release of tempolite knows up to ${migrations.length}. It was left untouched: ` +
          'install the release that wrote it, or a newer one',
      );
    }
    for (const migration of migrations.slice(version)) connection.exec(migration);
    connection.exec(`PRAGMA user_version = ${migrations.length}`);
  });
};

const versionOf = (connection: Connection): number => Number(connection.all('PRAGMA user_version')[0]?.[0] ?? 0);
