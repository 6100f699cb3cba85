import type { HighWater } from './entry.js';
import { query, type Query, type Row } from './query.js';

/**
 * Each batch carries a mark: a row of its writer, with the number of the batch, which only grows. A batch whose outcome is unknown is
 * sent again under its number: if it had been written, or will be when it comes late, one of the two is refused at the mark. So nothing is
 * written twice, whatever it is. `variant` says which version of the batch it was: entries that are refused leave it. Beside it stands how
 * far the database was, so that answers that were lost can be read. It is also what others are noticed by.
 */
export const createWriters = `
  CREATE TABLE IF NOT EXISTS tempolite_writers (
    id TEXT PRIMARY KEY,
    batch INTEGER NOT NULL,
    variant INTEGER NOT NULL,
    position INTEGER NOT NULL,
    letter INTEGER NOT NULL,
    claimed TEXT,
    at INTEGER NOT NULL
  ) STRICT`;

const insertMark = `
  INSERT INTO tempolite_writers (id, batch, variant, position, letter, at)
  VALUES (?, ?, ?, (SELECT coalesce(max(position), 0) FROM tempolite_events),
    (SELECT coalesce(max(id), 0) FROM tempolite_inbox), unixepoch())
  ON CONFLICT (id) DO UPDATE SET
    batch = CASE WHEN batch < excluded.batch THEN excluded.batch END,
    variant = excluded.variant, position = excluded.position, letter = excluded.letter, claimed = NULL, at = excluded.at`;

export const markOf = (writer: string, batch: number, variant: number): Query =>
  query(insertMark, writer, BigInt(batch), BigInt(variant));

/** Gives `[batch, variant, position, letter, claimed]`. */
export const readMark = (writer: string): Query =>
  query('SELECT batch, variant, position, letter, claimed FROM tempolite_writers WHERE id = ?', writer);

export const highWaterOf = ([, , position, letter, claimed]: Row): HighWater => ({
  position: Number(position),
  letter: Number(letter),
  claimed: typeof claimed === 'string' ? claimed : null,
});

/** Changes with each batch of somebody else, and when a writer takes the place of another: ids grow with time. */
export const foreignMarks = (writers: readonly string[]): Query =>
  query(
    'SELECT sum(batch), count(*), max(id) FROM tempolite_writers WHERE id NOT IN (SELECT value FROM json_each(?))',
    JSON.stringify(writers),
  );

/** Writers that were killed leave their row, and those whose requests may come late. None comes late by a day. */
export const sweepMarks: Query = query("DELETE FROM tempolite_writers WHERE at < unixepoch() - 86400 AND id <> ''");

/**
 * Takes marks away. Their numbers are added to the row of those that are gone, which has no id: who polls notices also a writer that came
 * and went in between.
 */
export const deleteMarks = (writers: readonly string[]): readonly Query[] => {
  const ids = JSON.stringify(writers);
  return [
    query(
      `INSERT INTO tempolite_writers (id, batch, variant, position, letter, at)
       SELECT '', sum(batch), 0, 0, 0, unixepoch() FROM tempolite_writers
       WHERE id IN (SELECT value FROM json_each(?)) HAVING count(*) > 0
       ON CONFLICT (id) DO UPDATE SET batch = batch + excluded.batch, at = excluded.at`,
      ids,
    ),
    query('DELETE FROM tempolite_writers WHERE id IN (SELECT value FROM json_each(?))', ids),
  ];
};
