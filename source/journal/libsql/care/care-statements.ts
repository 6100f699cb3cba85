import { eventColumns, eventValues, letterValues, runColumns } from '../rows.js';
import { ended } from '../statements.js';

/** The SQL of taking care, by name. What writes yields what it wrote. */

// ── prune ─────────────────────────────────────────────────────────────────────────────────────────────────────────────

/**
 * A child can be asked to go on, or be started once more, while its parent is in the link that has started it. Its id has that link: see
 * `idempotencyKey`. A long id is cut, perhaps within the number; then nothing is known of it.
 */
const isOfPastLink = `
  substr(r.id, 1, length(p.id) + 1) = p.id || '/' AND instr(substr(r.id, length(p.id) + 2), '/') > 0
  AND CAST(substr(r.id, length(p.id) + 2) AS INTEGER) < p.link`;

/** Runs that may go, by themselves. Asked with the least number, the statuses, the instant and how many. */
export const prunable = `
  SELECT r.num FROM tempolite_runs r LEFT JOIN tempolite_runs p ON p.num = r.parent
  WHERE r.num > ? AND r.status IN (SELECT value FROM json_each(?)) AND r.updated_at < ?
    AND (r.parent IS NULL OR (${isOfPastLink}))
  ORDER BY r.num LIMIT ?`;

/** The same, of workflows that keep some: asked first with the statuses, and how many but one. */
export const prunableBut = `
  WITH kept AS MATERIALIZED (
    SELECT w.workflow, (SELECT n.num FROM tempolite_runs n
      WHERE n.workflow = w.workflow AND n.status IN (SELECT value FROM json_each(?)) ORDER BY n.num DESC LIMIT 1 OFFSET ?) AS first
    FROM (SELECT DISTINCT workflow FROM tempolite_runs) w)
  ${prunable.replace('WHERE', 'JOIN kept k ON k.workflow = r.workflow AND r.num < k.first WHERE')}`;

/** Notes them and their descendants, where all of them have ended and nothing is asked of them. */
export const noteFamilies = `
  WITH RECURSIVE family (head, num) AS (
    SELECT num, num FROM tempolite_runs WHERE num IN (SELECT value FROM json_each(?))
    UNION ALL SELECT f.head, c.num FROM family f JOIN tempolite_runs c ON c.parent = f.num),
  busy (head) AS (
    SELECT f.head FROM family f JOIN tempolite_runs r ON r.num = f.num
    WHERE r.status NOT IN ${ended} OR EXISTS (
      SELECT 1 FROM tempolite_inbox i WHERE i.run = r.num AND i.consumed = 0 AND i.kind = 'control'))
  INSERT INTO tempolite_pruned (num) SELECT num FROM family WHERE head NOT IN (SELECT head FROM busy)
  ON CONFLICT DO NOTHING RETURNING num`;

/** From here on nobody sees them. Numbers are never given out again. */
export const deleteNoted = 'DELETE FROM tempolite_runs WHERE num IN (SELECT num FROM tempolite_pruned) RETURNING num';

export const deleteEvents = `
  DELETE FROM tempolite_events WHERE position IN (
    SELECT e.position FROM tempolite_pruned p CROSS JOIN tempolite_events e ON e.run = p.num LIMIT ?) RETURNING 1`;
export const deleteInbox = `
  DELETE FROM tempolite_inbox WHERE id IN (
    SELECT i.id FROM tempolite_pruned p CROSS JOIN tempolite_inbox i ON i.run = p.num LIMIT ?) RETURNING 1`;
export const deleteExposed = `
  DELETE FROM tempolite_exposed WHERE (run, name) IN (
    SELECT e.run, e.name FROM tempolite_pruned p CROSS JOIN tempolite_exposed e ON e.run = p.num LIMIT ?) RETURNING 1`;
export const forgetNoted = `
  DELETE FROM tempolite_pruned WHERE NOT EXISTS (SELECT 1 FROM tempolite_events WHERE run = num)
    AND NOT EXISTS (SELECT 1 FROM tempolite_inbox WHERE run = num)
    AND NOT EXISTS (SELECT 1 FROM tempolite_exposed WHERE run = num) RETURNING num`;

export const bigDigests = 'SELECT digest FROM tempolite_big_payloads WHERE digest > ? ORDER BY digest LIMIT ?';

/** Says what the partial indexes say, so that they are used. Events have a digest of their own, which is not meant. */
const refers = (table: string): string =>
  `EXISTS (SELECT 1 FROM ${table} t WHERE t.payload = '~#' || tempolite_big_payloads.digest AND t.payload >= '~#' AND t.payload < '~$')`;
export const deleteBig = `
  DELETE FROM tempolite_big_payloads WHERE digest IN (SELECT value FROM json_each(?))
    AND NOT ${refers('tempolite_events')} AND NOT ${refers('tempolite_inbox')} RETURNING digest`;

// ── archive ───────────────────────────────────────────────────────────────────────────────────────────────────────────

/** A run, and its descendants if they are asked for. Parents are older than their children. */
const family = `
  WITH RECURSIVE family (num) AS (
    SELECT num FROM tempolite_runs WHERE id = ?
    UNION ALL SELECT c.num FROM family f JOIN tempolite_runs c ON c.parent = f.num WHERE ?)`;
export const archiveRuns = `
  ${family} SELECT ${runColumns}, on_close FROM tempolite_runs WHERE num IN (SELECT num FROM family) ORDER BY num`;
export const archiveEvents = `
  ${family} SELECT e.run, e.link, ${eventValues('e.')} FROM tempolite_events e WHERE e.run IN (SELECT num FROM family)
  ORDER BY e.run, e.link, e.seq`;
export const archiveLetters = `
  ${family} SELECT ${letterValues()}, run, idempotency_key, consumed FROM tempolite_inbox
  WHERE run IN (SELECT num FROM family) ORDER BY id`;
export const archiveExposed = `
  ${family} SELECT name, payload, at, run FROM tempolite_exposed WHERE run IN (SELECT num FROM family) ORDER BY name`;

// ── restore: rows come as JSON arrays of arrays ───────────────────────────────────────────────────────────────────────

const numOfRun = '(SELECT num FROM tempolite_runs WHERE id = ?)';
const places = (from: number, to: number): string =>
  Array.from({ length: to - from }, (_, place) => `value ->> ${from + place}`).join(', ');

export const takenIds = 'SELECT id FROM tempolite_runs WHERE id IN (SELECT value FROM json_each(?)) ORDER BY num';
export const restoreBig = `
  INSERT INTO tempolite_big_payloads (digest, content) SELECT ${places(0, 2)} FROM json_each(?) WHERE TRUE
  ON CONFLICT DO NOTHING RETURNING digest`;
export const restoreRun = `
  INSERT INTO tempolite_runs
    (id, workflow, version, status, link, priority, tags, input_digest, created_at, updated_at, wake_at, detail,
     parent, parent_id, parent_key, on_close, versions, rewinds)
  VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ${numOfRun}, ?, ?, ?, ?, ?) RETURNING num`;
export const restoreLetters = `
  INSERT INTO tempolite_inbox (run, kind, name, payload, at, idempotency_key, consumed)
  SELECT ${numOfRun}, ${places(0, 6)} FROM json_each(?) ORDER BY key RETURNING 1`;
const columnsBeforeIndex = eventColumns.split(', ').indexOf('idx');
/** The last column says that a signal is meant by its place among the letters of its run: those have ids of their own here, without gaps. */
export const restoreEvents = `
  INSERT INTO tempolite_events (run, link, ${eventColumns})
  SELECT ${numOfRun}, ${places(0, columnsBeforeIndex + 1)},
    CASE WHEN value ->> 10 THEN value ->> 7 + (SELECT min(id) FROM tempolite_inbox WHERE run = ${numOfRun}) ELSE value ->> 7 END,
    ${places(8, 10)}
  FROM json_each(?) ORDER BY key RETURNING 1`;
export const restoreExposed = `
  INSERT INTO tempolite_exposed (run, name, payload, at) SELECT ${numOfRun}, ${places(0, 3)} FROM json_each(?) RETURNING 1`;
