import { unclaimed } from '../statements.js';

/** All SQL of pools, by name. */

export const schema = `
  CREATE TABLE tempolite_pool (one INTEGER PRIMARY KEY CHECK (one = 1), version INTEGER NOT NULL, kind TEXT NOT NULL) STRICT;
  CREATE TABLE tempolite_pool_files (
    number INTEGER PRIMARY KEY,
    location TEXT NOT NULL UNIQUE,
    state TEXT NOT NULL,
    held_at INTEGER NOT NULL,
    last INTEGER
  ) STRICT;
  -- The file of each run. A row is written before its run is, and never changes.
  CREATE TABLE tempolite_pool_routes (id TEXT PRIMARY KEY, file INTEGER NOT NULL) STRICT, WITHOUT ROWID;
`;

export const hasSchema = "SELECT 1 FROM sqlite_master WHERE name = 'tempolite_pool'";
export const insertPool = 'INSERT INTO tempolite_pool VALUES (1, ?, ?)';
export const pool = 'SELECT version, kind FROM tempolite_pool';

export const files = 'SELECT number, location, state, held_at, last FROM tempolite_pool_files ORDER BY number';

/** Numbers are dense: of two processes that enter the same one, or the same database, one does. */
export const enter = `
  INSERT INTO tempolite_pool_files (number, location, state, held_at)
  SELECT ?, ?, 'open', ? WHERE (SELECT coalesce(max(number), 0) + 1 FROM tempolite_pool_files) = ?
  ON CONFLICT DO NOTHING`;

export const route = 'SELECT file FROM tempolite_pool_routes WHERE id = ?';

export const place = `
  INSERT INTO tempolite_pool_routes (id, file)
  SELECT ?, coalesce(?, (SELECT max(number) FROM tempolite_pool_files)) WHERE true ON CONFLICT DO NOTHING`;

/** A hold that is fresh is left as it is. */
export const hold = `
  UPDATE tempolite_pool_files SET state = 'open', held_at = ?, last = NULL
  WHERE number = ? AND (state <> 'open' OR held_at < ?)`;

export const finish = `
  UPDATE tempolite_pool_files SET state = 'finished', last = ?
  WHERE number = ? AND state = 'open' AND held_at = ? AND number < (SELECT max(number) FROM tempolite_pool_files)`;

// ── of a member ─────────────────────────────────────────────────────────────────────────────────────────────────────────

export const sequence = 'SELECT seq FROM sqlite_sequence WHERE name = ?';
export const hasRuns = 'SELECT EXISTS (SELECT 1 FROM tempolite_runs)';
export const beginSequence = `
  INSERT INTO sqlite_sequence (name, seq) SELECT ?, ? WHERE NOT EXISTS (SELECT 1 FROM sqlite_sequence WHERE name = ?) RETURNING seq`;
export const moveSequence = (table: string): string =>
  `UPDATE sqlite_sequence SET seq = ? WHERE name = ? AND NOT EXISTS (SELECT 1 FROM ${table}) RETURNING seq`;

export const size = `
  SELECT page_count, page_size, EXISTS (SELECT 1 FROM tempolite_runs) FROM pragma_page_count(), pragma_page_size()`;

/** A run that is at its end does nothing any more, unless somebody has asked it to. */
export const rest = `
  SELECT EXISTS (SELECT 1 FROM tempolite_runs WHERE status IN ('pending', 'running', 'waiting', 'paused', 'blocked')),
    EXISTS (SELECT 1 FROM tempolite_inbox INDEXED BY tempolite_inbox_unread WHERE consumed = 0 AND kind = 'control'),
    coalesce((SELECT max(position) FROM tempolite_events), 0)`;

export const waiting = `SELECT priority, wake_at FROM tempolite_runs WHERE num IN (${unclaimed})`;
