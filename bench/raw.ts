import Database from 'libsql';
import { withFile } from './files.js';

const row = 'x'.repeat(200);

/** Plain libSQL with the settings of our journal: rows of 200 bytes, so many a commit. Rows per second. */
export const rawRowsPerSecond = (rows: number, rowsPerCommit: number): Promise<number> =>
  withFile((path) => {
    const database = new Database(path, { timeout: 0 });
    database.exec('PRAGMA journal_mode = WAL');
    database.exec('PRAGMA synchronous = FULL');
    database.exec('CREATE TABLE rows(id INTEGER PRIMARY KEY, payload TEXT NOT NULL) STRICT');
    const insert = database.prepare('INSERT INTO rows(payload) VALUES (?)');
    const start = performance.now();
    for (let written = 0; written < rows; written += rowsPerCommit) {
      if (rowsPerCommit === 1) insert.run([row]);
      else {
        database.exec('BEGIN IMMEDIATE');
        for (let i = 0; i < rowsPerCommit; i += 1) insert.run([row]);
        database.exec('COMMIT');
      }
    }
    const seconds = (performance.now() - start) / 1000;
    database.close();
    return rows / seconds;
  });
