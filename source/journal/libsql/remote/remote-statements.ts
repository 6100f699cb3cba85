import { eventColumns, eventValues, letterValues, runColumns, signalValues } from '../rows.js';

/**
 * SQL of batches. Nothing can be read between two statements of one: they find a run by its id, and lists come as JSON. That a run is
 * another's, or is not there, has to be an error, which ends the batch.
 */

const run = '(SELECT num FROM tempolite_runs WHERE id = ?)';

/** A run as one text: the client makes much of each column. */
export const packedRun = `json_array(${runColumns})`;

/** The clock of leases is that of the database: ms since 1970. */
const nowMs = `CAST(unixepoch('subsec') * 1000 AS INTEGER)`;

export const eventOf = (value: string): string =>
  eventColumns
    .split(', ')
    .map((_, place) => `${value} ->> ${place}`)
    .join(', ');

/** Events of a run that is a worker's, or nobody's. Where there is none, `run` is NULL, which the table refuses. */
export const appendEvents = `
  INSERT INTO tempolite_events (run, link, ${eventColumns})
  SELECT (SELECT num FROM tempolite_runs WHERE id = ? AND (worker = ? OR worker IS NULL)), ?, ${eventOf('value')}
  FROM json_each(?) ORDER BY key RETURNING position`;

export const isOwn = 'EXISTS (SELECT 1 FROM tempolite_runs WHERE id = ? AND (worker = ? OR worker IS NULL))';

/** The same for a commit without events. */
export const proveOwner = `SELECT json(CASE WHEN ${isOwn} THEN '[]' ELSE 'not its own' END)`;

/** A link that has ended takes nothing more. */
export const proveLink = `
  SELECT json(CASE WHEN (SELECT link FROM tempolite_runs WHERE id = ?) = ? THEN '[]' ELSE 'another link' END)`;

export const proveNew = `
  SELECT json(CASE WHEN EXISTS (SELECT 1 FROM tempolite_runs WHERE id = ?) THEN 'taken' ELSE '[]' END)`;
/** Nothing is copied from a link that is not the present one any more. */
export const provePresentLink = `
  SELECT json(CASE WHEN EXISTS (SELECT 1 FROM tempolite_runs WHERE id = ? AND link <> ?) THEN 'gone on' ELSE '[]' END)`;

export const intoRuns = `
  INSERT INTO tempolite_runs
    (id, workflow, version, status, priority, tags, input_digest, created_at, updated_at, wake_at, worker,
     parent, parent_id, parent_key, on_close)`;
export const newRun = `?, ?, ?, ?, ?, ?, ?, ?, ?, ?, (SELECT id FROM tempolite_workers WHERE id = ? AND fence = ?), ${run}, ?, ?, ?`;
export const orFound = `ON CONFLICT (id) DO UPDATE SET id = excluded.id RETURNING ${packedRun}`;

/** Gives the row that is there, or the new one. */
export const insertRun = `${intoRuns} VALUES (${newRun}) ${orFound}`;

export const started = `num, 0, 0, 0, 0, 'started', NULL, NULL, NULL, ?, ?`;
export const hasNone = 'NOT EXISTS (SELECT 1 FROM tempolite_events WHERE run = num AND link = 0 AND seq = 0)';

/** The first event of a run that has none. */
export const insertStarted = `
  INSERT INTO tempolite_events (run, link, ${eventColumns})
  SELECT ${started} FROM tempolite_runs WHERE id = ? AND ${hasNone} RETURNING position`;

/** Where a run's first event is. */
export const startedAt = `
  SELECT position FROM tempolite_events WHERE run = ${run} AND link = 0 AND seq = 0`;

export const consume = `
  UPDATE tempolite_inbox SET consumed = 1 WHERE run = ${run} AND id IN (SELECT value FROM json_each(?))`;

export const giveBack = `
  UPDATE tempolite_inbox SET consumed = 0 WHERE run = ${run} AND id IN (SELECT value FROM json_each(?))`;

export const closeChildren = `
  INSERT INTO tempolite_inbox (run, kind, name, payload, at)
  SELECT c.num, 'control', c.on_close, '{}', ? FROM tempolite_runs c JOIN tempolite_runs p ON p.num = c.parent
  WHERE p.id = ? AND c.on_close <> 'abandon'
    AND c.status NOT IN ('completed', 'failed', 'cancelled', 'terminated', 'continued')
    AND (c.id IN (SELECT value FROM json_each(?)) OR ? = 0 OR c.parent_key IN
      (SELECT key FROM tempolite_events WHERE run = p.num AND link = ? AND seq >= ? AND key LIKE 'child:%'))
  RETURNING ${letterValues()}, (SELECT id FROM tempolite_runs WHERE num = run)`;

/** Letters of a child to its parent, if it has one that wants to know. */
export const insertChildLetters = `
  INSERT INTO tempolite_inbox (run, kind, name, payload, at)
  SELECT p.num, 'child', c.id, l.value ->> 0, l.value ->> 1
  FROM tempolite_runs c JOIN tempolite_runs p ON p.num = c.parent, json_each(?) l
  WHERE c.id = ? AND p.status NOT IN ('completed', 'cancelled', 'terminated') ORDER BY l.key
  RETURNING ${letterValues()}, (SELECT id FROM tempolite_runs WHERE num = run)`;

export const expose = `
  INSERT INTO tempolite_exposed (run, name, payload, at) SELECT num, ?, ?, ? FROM tempolite_runs WHERE id = ?
  ON CONFLICT (run, name) DO UPDATE SET payload = excluded.payload, at = excluded.at`;

export const setVersions = 'UPDATE tempolite_runs SET versions = ? WHERE id = ?';
export const setRewinds = 'UPDATE tempolite_runs SET rewinds = ? WHERE id = ?';
export const nextLink = `
  UPDATE tempolite_runs SET link = link + 1, version = ?, versions = NULL, rewinds = NULL WHERE id = ?`;

export const newStatus = 'status = ?, updated_at = ?, wake_at = ?, detail = ?, worker = ?';
export const updateRun = `UPDATE tempolite_runs SET ${newStatus} WHERE id = ? RETURNING ${packedRun}`;

/** Our own row of an inbox: the first with these contents behind where the batch began. */
export const signalAfter = `
  SELECT ${signalValues()} FROM tempolite_inbox
  WHERE id > ? AND run = ${run} AND kind = 'signal' AND name = ? AND payload = ? AND at = ? ORDER BY id LIMIT 1`;
export const requestAfter = `
  SELECT id FROM tempolite_inbox
  WHERE id > ? AND run = ${run} AND kind = 'control' AND name = ? AND payload = ? AND at = ? ORDER BY id LIMIT 1`;

// ── forks ───────────────────────────────────────────────────────────────────────────────────────────────────────────────

export const insertFork = `
  INSERT INTO tempolite_runs
    (id, workflow, version, status, priority, tags, input_digest, created_at, updated_at, wake_at, on_close, rewinds, versions)
  SELECT ?, s.workflow, ?, 'pending', ?, ?, s.input_digest, ?, ?, ?, ?,
    (SELECT CASE WHEN count(*) > 0 THEN json_group_array(json(value)) END FROM json_each(s.rewinds) WHERE value ->> 'seq' <= ?),
    nullif(json_patch(
      CASE WHEN EXISTS (SELECT 1 FROM tempolite_events
                        WHERE run = s.num AND link = s.link AND seq >= ? AND type = 'run-forked')
        THEN coalesce(s.versions, '{}') ELSE '{}' END,
      (SELECT json_group_object(substr(name, instr(name, ':') + 1, length(name) - instr(name, ':') - 1), idx)
       FROM (SELECT rtrim(key, '0123456789') AS name, idx FROM tempolite_events
             WHERE run = s.num AND link = s.link AND type = 'version-chosen'
               AND batch <= (SELECT batch FROM tempolite_events WHERE run = s.num AND link = s.link AND seq = ?)
             ORDER BY seq))), '{}')
  FROM tempolite_runs s WHERE s.id = ?`;

export const copyEvents = `
  INSERT INTO tempolite_events (run, link, ${eventColumns})
  SELECT ${run}, 0, ${eventColumns} FROM tempolite_events
  WHERE run = ${run} AND link = (SELECT link FROM tempolite_runs WHERE id = ?) AND seq <= ? ORDER BY seq`;

export const insertForked = `
  INSERT INTO tempolite_events (run, link, ${eventColumns})
  SELECT num, 0, ?, ?, 0, 'run-forked', NULL, NULL, NULL,
    (SELECT coalesce(max(at), 0) FROM tempolite_events WHERE run = num), ? FROM tempolite_runs WHERE id = ?
  RETURNING position, at`;

// ── workers ─────────────────────────────────────────────────────────────────────────────────────────────────────────────

export const insertWorker = `
  INSERT INTO tempolite_workers (id, fence, host, pid, lease_until)
  SELECT ?, last, ?, ?, ${nowMs} + ? FROM tempolite_fences RETURNING fence`;
export const fenceOf = 'SELECT fence FROM tempolite_workers WHERE id = ?';
export const renewWorker = `
  UPDATE tempolite_workers SET lease_until = ${nowMs} + ? WHERE id = ? AND fence = ? RETURNING fence`;
export const otherWorkers = `SELECT id, lease_until, lease_until < ${nowMs} FROM tempolite_workers WHERE id IS NOT ?`;
/** Runs of a worker that is gone. */
export const freeRunsOfGone = `
  UPDATE tempolite_runs SET worker = NULL
  WHERE worker = ? AND NOT EXISTS (SELECT 1 FROM tempolite_workers w WHERE w.id = tempolite_runs.worker)`;

/** What is taken is chosen and written down first, so that it can be read again when the answer is lost. */
export const chooseClaimed = (unclaimed: string): string => `
  UPDATE tempolite_writers SET claimed = (SELECT json_group_array(num) FROM (${unclaimed})) WHERE id = ?`;
export const takeClaimed = `
  UPDATE tempolite_runs SET worker = ?
  WHERE num IN (SELECT value FROM json_each((SELECT claimed FROM tempolite_writers WHERE id = ?)))`;
export const readClaimed = `
  SELECT ${runColumns} FROM tempolite_runs
  WHERE num IN (SELECT value FROM json_each(?)) ORDER BY priority DESC, wake_at, num`;
export const readTaken = `
  SELECT ${runColumns} FROM tempolite_runs
  WHERE num IN (SELECT value FROM json_each((SELECT claimed FROM tempolite_writers WHERE id = ?)))
  ORDER BY priority DESC, wake_at, num`;
/** It may have become the worker's own since it was looked at. */
export const claimRun = `
  UPDATE tempolite_runs SET worker = ? WHERE id = ? AND (worker IS NULL OR worker = ?) RETURNING ${runColumns}`;

// ── reading ─────────────────────────────────────────────────────────────────────────────────────────────────────────────

/**
 * Events of a link as one text, but no more than fit into an answer: the first, and those behind it as long as their payloads stay below
 * a limit. Beside it how many there are, and how many these are.
 */
export const pageOfEvents = `
  WITH found AS (
    SELECT ${eventColumns}, sum(coalesce(length(payload), 0)) OVER (ORDER BY seq) AS total, row_number() OVER (ORDER BY seq) AS place
    FROM (SELECT ${eventValues()} FROM tempolite_events WHERE run = ${run} AND link = ? AND seq >= ? ORDER BY seq LIMIT ?))
  SELECT json_group_array(json_array(${eventColumns})), (SELECT count(*) FROM found), count(*)
  FROM (SELECT * FROM found WHERE place = 1 OR total <= ? ORDER BY seq)`;

export const lastOutput = `
  SELECT ${eventValues()} FROM tempolite_events
  WHERE run = ${run} AND link = ? AND type = 'output-emitted' AND idx = coalesce(
    (SELECT idx - 1 FROM tempolite_events e WHERE e.run = ${run} AND e.link = ? AND e.type = 'run-completed'
     ORDER BY seq DESC LIMIT 1), idx)
  ORDER BY seq DESC LIMIT 1`;
