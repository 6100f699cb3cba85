import Database from 'libsql';

/** The user's own tables, in the same file as the journal. */
export interface Tables {
  /** Counts an execution of an activity: what runs twice shows here. */
  execution(key: string): void;
  film(row: number, title: string, released: Date, gross: number | null, score: number): void;
  deadLetter(row: number, path: string, reason: string): void;
}

const schema = `
  CREATE TABLE IF NOT EXISTS films (row INTEGER PRIMARY KEY, title TEXT, released TEXT, gross REAL, score REAL, writes INTEGER);
  CREATE TABLE IF NOT EXISTS dead_letters (row INTEGER PRIMARY KEY, path TEXT, reason TEXT, writes INTEGER);
  CREATE TABLE IF NOT EXISTS executions (key TEXT PRIMARY KEY, times INTEGER);`;

export const openTables = (path: string): Tables => {
  const database = new Database(path, { timeout: 5000 });
  // One connection alone may checkpoint a file: the engine's.
  database.exec('PRAGMA wal_autocheckpoint = 0');
  database.exec('PRAGMA synchronous = NORMAL');
  database.exec(schema);
  const execution = database.prepare(
    'INSERT INTO executions VALUES (?, 1) ON CONFLICT (key) DO UPDATE SET times = times + 1',
  );
  // Keyed by the record: an activity that is executed again writes the same row again.
  const film = database.prepare(
    'INSERT INTO films VALUES (?, ?, ?, ?, ?, 1) ON CONFLICT (row) DO UPDATE SET writes = writes + 1',
  );
  const deadLetter = database.prepare(
    'INSERT INTO dead_letters VALUES (?, ?, ?, 1) ON CONFLICT (row) DO UPDATE SET writes = writes + 1',
  );
  return {
    execution: (key) => {
      execution.run([key]);
    },
    film: (row, title, released, gross, score) => {
      film.run([BigInt(row), title, released.toISOString(), gross, score]);
    },
    deadLetter: (row, path, reason) => {
      deadLetter.run([BigInt(row), path, reason]);
    },
  };
};
