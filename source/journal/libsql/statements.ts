import { beforePayload, eventColumns, eventValues, letterValues, runColumns, signalValues } from './rows.js';

/** All SQL, by name. */

const open = `('pending', 'running', 'waiting')`;
export const ended = `('completed', 'failed', 'cancelled', 'terminated', 'continued')`;

/** The proof that nobody has taken over from this worker; it stands in each of the owner's statements. */
const fenced = 'EXISTS (SELECT 1 FROM tempolite_workers WHERE id = ? AND fence = ?)';

const eventPlaces = `(${Array(11).fill('?').join(', ')})`;

/** Appends `rows` events in one fenced statement: all of them, or none when the fence has moved. */
export const appendEvents = (rows: number): string => `
  INSERT INTO tempolite_events (run, link, ${eventColumns})
  SELECT e.* FROM (VALUES ${Array(rows).fill(eventPlaces).join(', ')}) e WHERE ${fenced}`;

/** First events of runs that nobody owns yet. */
export const insertEvents = (rows: number): string => `
  INSERT INTO tempolite_events (run, link, ${eventColumns}) VALUES ${Array(rows).fill(eventPlaces).join(', ')}`;

/** The same value is there once. */
export const insertBig = 'INSERT INTO tempolite_big_payloads (digest, content) VALUES (?, ?) ON CONFLICT DO NOTHING';

const newRun = `
  INSERT INTO tempolite_runs
    (id, workflow, version, status, priority, tags, input_digest, created_at, updated_at, wake_at, worker,
     parent, parent_id, parent_key, on_close)
  SELECT ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?`;

export const insertRun = `${newRun} WHERE true ON CONFLICT (id) DO NOTHING`;

/** One that is a worker's at once: it has to be one still. */
export const insertOwnRun = `${newRun} WHERE ${fenced} ON CONFLICT (id) DO NOTHING`;

export const updateRun = `
  UPDATE tempolite_runs SET status = ?, updated_at = ?, wake_at = ?, detail = ?, worker = ?
  WHERE num = ? AND ${fenced}`;

/** The same for a run of which not everything is known. */
export const updateAndReadRun = `${updateRun} RETURNING ${runColumns}`;

/** A letter of a child. A parent that has failed may be retried, and then wants to know. */
export const insertChildLetter = `
  INSERT INTO tempolite_inbox (run, kind, name, payload, at)
  SELECT num, 'child', ?, ?, ? FROM tempolite_runs
  WHERE num = ? AND status NOT IN ('completed', 'cancelled', 'terminated')
  RETURNING id, (SELECT id FROM tempolite_runs WHERE num = run)`;

/** A request of whoever it is. What waits to be decided before it may bring the run to another status. */
export const insertRequest = `
  INSERT INTO tempolite_inbox (run, kind, name, payload, at)
  SELECT num, 'control', ?, ?, ? FROM tempolite_runs
  WHERE id = ? AND (status IN (SELECT value FROM json_each(?)) OR (status IN (SELECT value FROM json_each(?))
    AND EXISTS (SELECT 1 FROM tempolite_inbox WHERE run = num AND consumed = 0 AND kind = 'control')))
  RETURNING ${letterValues()}`;

/** What is asked of these children of a run, and of those of which it has heard from an event on. */
export const closeChildren = `
  INSERT INTO tempolite_inbox (run, kind, name, payload, at)
  SELECT num, 'control', on_close, '{}', ? FROM tempolite_runs
  WHERE parent = ? AND on_close <> 'abandon' AND status NOT IN ${ended} AND (id IN (SELECT value FROM json_each(?)) OR ? = 0 OR parent_key IN
    (SELECT key FROM tempolite_events WHERE run = ? AND link = ? AND seq >= ? AND key LIKE 'child:%'))
  RETURNING ${letterValues()}, (SELECT id FROM tempolite_runs WHERE num = run)`;

export const expose = `
  INSERT INTO tempolite_exposed (run, name, payload, at) VALUES (?, ?, ?, ?)
  ON CONFLICT (run, name) DO UPDATE SET payload = excluded.payload, at = excluded.at`;

export const exposed = `
  SELECT name, payload, at FROM tempolite_exposed
  WHERE run = (SELECT num FROM tempolite_runs WHERE id = ?) ORDER BY name`;

export const setVersions = `UPDATE tempolite_runs SET versions = ? WHERE num = ? AND ${fenced}`;
export const setRewinds = `UPDATE tempolite_runs SET rewinds = ? WHERE num = ? AND ${fenced}`;

/** The link ends and the next one begins. */
export const nextLink = `
  UPDATE tempolite_runs SET link = link + 1, version = ?, versions = NULL, rewinds = NULL WHERE num = ? AND link = ? AND ${fenced}`;

/** The beginning of a run's present link, as the beginning of another run. */
export const copyEvents = `
  INSERT INTO tempolite_events (run, link, ${eventColumns})
  SELECT ?, 0, ${eventColumns} FROM tempolite_events WHERE run = ? AND link = ? AND seq <= ? ORDER BY seq`;

/** The versions that were chosen up to an event, or in its commit: an output that is written with a choice is not past its place. */
export const versionsUpTo = `
  SELECT e.key, e.idx FROM tempolite_events last
  JOIN tempolite_events e ON e.run = last.run AND e.link = last.link AND e.batch <= last.batch AND e.type = 'version-chosen'
  WHERE last.run = ? AND last.link = ? AND last.seq = ? ORDER BY e.seq`;

/** Whether a fork is taken of what a fork has copied. */
export const isCopied = `
  SELECT 1 FROM tempolite_events WHERE run = ? AND link = ? AND seq >= ? AND type = 'run-forked' LIMIT 1`;

export const clockAt = 'SELECT max(at) FROM tempolite_events WHERE run = ?';

export const setForked = `UPDATE tempolite_runs SET versions = ?, rewinds = ? WHERE num = ? RETURNING ${runColumns}`;

/** A fork consumes signals of the run that it was made of: what it has of them is in its events, and that run's row is not its own. */
export const consume = `UPDATE tempolite_inbox SET consumed = 1 WHERE id = ? AND run = ? AND ${fenced}`;

/** A signal whose consumption came to nothing. */
export const giveBack = `UPDATE tempolite_inbox SET consumed = 0 WHERE id = ? AND run = ?`;

export const insertSignal = `
  INSERT INTO tempolite_inbox (run, name, payload, at, idempotency_key)
  SELECT num, ?, ?, ?, ? FROM tempolite_runs WHERE id = ? AND status NOT IN ${ended}
  ON CONFLICT DO NOTHING RETURNING ${signalValues()}`;

export const signalByKey = `
  SELECT ${signalValues()} FROM tempolite_inbox
  WHERE run = (SELECT num FROM tempolite_runs WHERE id = ?) AND name = ? AND idempotency_key = ?`;

export const runById = `SELECT ${runColumns} FROM tempolite_runs WHERE id = ?`;

/** A run's row, that of its parent, and whose it is. */
export const runNum = 'SELECT num, parent, worker FROM tempolite_runs WHERE id = ?';

export const listRuns = (conditions: readonly string[]): string => `
  SELECT ${runColumns} FROM tempolite_runs
  WHERE num > coalesce((SELECT num FROM tempolite_runs WHERE id = ?), 0) ${conditions.map((c) => `AND ${c}`).join(' ')}
  ORDER BY num LIMIT ?`;

const eventsOfLink =
  'FROM tempolite_events WHERE run = (SELECT num FROM tempolite_runs WHERE id = ?) AND link = ? AND seq >= ? ORDER BY seq LIMIT ?';

export const eventsFrom = `SELECT ${eventValues()} ${eventsOfLink}`;

/**
 * The same rows as one text, an array of arrays: it is read in a third of the time. Payloads of more bytes than the first argument says, and
 * those that are elsewhere, are not in it: a row has what begins like a reference for them.
 */
export const eventsPage = `
  SELECT json_group_array(json_array(${beforePayload}, iif(octet_length(payload) > ?, '~#', payload)))
  FROM (SELECT ${eventColumns} ${eventsOfLink})`;

/** The last event of a link. */
export const lastEvent = `
  SELECT ${eventValues()} FROM tempolite_events
  WHERE run = (SELECT num FROM tempolite_runs WHERE id = ?) AND link = ? ORDER BY seq DESC LIMIT 1`;

export const eventsOfType = `
  SELECT ${eventValues()} FROM tempolite_events
  WHERE run = (SELECT num FROM tempolite_runs WHERE id = ?) AND link = ? AND type = ? ORDER BY seq`;

/** The last one of a type. */
export const lastOfType = `
  SELECT ${eventValues()} FROM tempolite_events
  WHERE run = (SELECT num FROM tempolite_runs WHERE id = ?) AND link = ? AND type = ? ORDER BY seq DESC LIMIT 1`;

/** The last output with this index: one before it with the same index was dropped by a retry. */
export const outputAt = `
  SELECT ${eventValues()} FROM tempolite_events
  WHERE run = (SELECT num FROM tempolite_runs WHERE id = ?) AND link = ? AND type = 'output-emitted' AND idx = ?
  ORDER BY seq DESC LIMIT 1`;

export const tail = `
  SELECT e.position, r.id, e.link, ${eventValues('e.')}
  FROM tempolite_events e JOIN tempolite_runs r ON r.num = e.run WHERE e.position > ? ORDER BY e.position LIMIT ?`;

export const inbox = `
  SELECT ${letterValues()} FROM tempolite_inbox
  WHERE run = (SELECT num FROM tempolite_runs WHERE id = ?) AND consumed = 0 ORDER BY id`;

/** Together with some signals that have been consumed. A fork has those of the run that it was made of. */
export const inboxAnd = `
  SELECT ${letterValues()} FROM tempolite_inbox
  WHERE (run = (SELECT num FROM tempolite_runs WHERE id = ?) AND consumed = 0)
    OR (id IN (SELECT value FROM json_each(?)) AND kind = 'signal') ORDER BY id`;

/** The latest mail for a run from before a signal that it has not read, signals of other names left aside. */
export const unreadBefore = `
  SELECT id FROM tempolite_inbox INDEXED BY tempolite_inbox_unread
  WHERE run = (SELECT num FROM tempolite_runs WHERE id = ?) AND consumed = 0 AND id < ? AND (kind <> 'signal' OR name = ?)
  ORDER BY id DESC LIMIT 1`;

export const unreadLetter = 'SELECT 1 FROM tempolite_inbox WHERE id = ? AND consumed = 0';

/** Mail of runs that are a worker's or nobody's. All of it: what was read is left out by an index; the latest: by its id. */
const newsFrom = (inbox: string): string => `
  SELECT ${letterValues('i.')}, r.id
  FROM ${inbox} i JOIN tempolite_runs r ON r.num = i.run
  WHERE i.consumed = 0 AND i.id > ? AND (r.worker IS NULL OR r.worker = ?) ORDER BY i.id LIMIT ?`;

export const allNews = newsFrom('(SELECT * FROM tempolite_inbox INDEXED BY tempolite_inbox_unread WHERE consumed = 0)');
export const news = newsFrom('tempolite_inbox');

const having = (worker: string, condition: string): string =>
  `SELECT num, priority, wake_at, workflow, version FROM tempolite_runs WHERE worker ${worker} AND ${condition}`;

/**
 * Nobody's runs that have something to do, and those of a worker that have become due. The arguments: four times now, each of the last two
 * behind the worker, then whether blocked ones are wanted, the workflows, how many.
 */
export const unclaimed = `
  SELECT num FROM (
    ${having('IS NULL', "status = 'running'")}
    UNION ALL ${having('IS NULL', "status = 'pending' AND wake_at IS NULL")}
    UNION ALL ${having('IS NULL', "status = 'pending' AND wake_at <= ?")}
    UNION ALL ${having('IS NULL', "status = 'waiting' AND wake_at <= ?")}
    UNION ALL ${having('= ?', "status = 'pending' AND wake_at <= ?")}
    UNION ALL ${having('= ?', "status = 'waiting' AND wake_at <= ?")}
    UNION ALL ${having('IS NULL', "status = 'blocked' AND ? = 1")})
  WHERE (workflow, version) IN (SELECT value ->> 0, value ->> 1 FROM json_each(?))
  ORDER BY priority DESC, wake_at, num LIMIT ?`;

export const anyUnclaimed = `SELECT EXISTS (${unclaimed})`;

export const claim = `
  UPDATE tempolite_runs SET worker = ? WHERE num IN (${unclaimed}) AND ${fenced}
  RETURNING ${runColumns}, parent`;

/** Single runs, by their ids. They may have become the worker's own since they were looked at. */
const claimRunsThat = (condition: string): string => `
  UPDATE tempolite_runs SET worker = ?
  WHERE id IN (SELECT value FROM json_each(?)) AND (worker IS NULL OR worker = ?) AND ${condition} ${fenced}
  RETURNING ${runColumns}, parent`;

export const claimRuns = claimRunsThat('');
/** Only those that go on. Without the plus, all that go on would be looked through by their status, however few are asked for. */
export const claimOpenRuns = claimRunsThat(`+status IN ${open} AND`);

const firstWake = (status: 'pending' | 'waiting', whose: string): string =>
  `SELECT min(wake_at) AS first FROM tempolite_runs WHERE status = '${status}' AND worker ${whose} AND wake_at > ?`;

/** One seek each. */
export const nextWake = `
  SELECT min(first) FROM (${firstWake('pending', 'IS NULL')} UNION ALL ${firstWake('waiting', 'IS NULL')}
    UNION ALL ${firstWake('pending', '= ?')} UNION ALL ${firstWake('waiting', '= ?')})`;

/** Runs of a worker that do not wait. */
export const owned = `
  SELECT id FROM tempolite_runs WHERE status = 'running' AND worker = ?
  UNION ALL SELECT id FROM tempolite_runs WHERE status = 'pending' AND worker = ? AND wake_at IS NULL`;

/** Whether a worker is still one. */
export const isWorker = `SELECT ${fenced}`;

export const workers = 'SELECT id, fence, host, pid, lease_until FROM tempolite_workers';
export const deleteWorker = 'DELETE FROM tempolite_workers WHERE id = ?';
/** Only if it has not shown a sign of life since it was looked at. */
export const expireWorker = 'DELETE FROM tempolite_workers WHERE id = ? AND lease_until = ?';
export const freeRuns = `
  UPDATE tempolite_runs SET worker = NULL
  WHERE status IN ('pending', 'running', 'waiting', 'paused', 'blocked', 'completed', 'failed', 'cancelled', 'terminated')
    AND worker = ?`;
export const firstFence = 'SELECT min(fence) FROM tempolite_workers';
export const nextFence = 'UPDATE tempolite_fences SET last = last + 1 RETURNING last';
export const insertWorker = 'INSERT INTO tempolite_workers (id, fence, host, pid, lease_until) VALUES (?, ?, ?, ?, ?)';
export const renewWorker = 'UPDATE tempolite_workers SET lease_until = ? WHERE id = ? AND fence = ?';

export const seals = 'SELECT mark, probe FROM tempolite_seals';
export const insertSeal = 'INSERT INTO tempolite_seals (mark, probe) VALUES (?, ?) ON CONFLICT DO NOTHING';
export const deleteSeal = 'DELETE FROM tempolite_seals WHERE mark = ?';

/** Where something sealed may stand. */
const sealedColumns = [
  'payload FROM tempolite_events',
  'digest FROM tempolite_events',
  'payload FROM tempolite_inbox',
  'payload FROM tempolite_exposed',
  'content FROM tempolite_big_payloads',
  'detail FROM tempolite_runs',
  'input_digest FROM tempolite_runs',
].map((column) => column.replace(/^(\w+) (.*)$/, 'SELECT $1 AS text $2'));

/** Whether anything is sealed in one of these ways. */
export const isSealedWith = `
  WITH asked AS (SELECT value AS mark FROM json_each(?)),
    sealed AS (SELECT substr(text, 2, instr(text, ':') - 2) AS marks FROM (${sealedColumns.join(' UNION ALL ')})
      WHERE text >= '~' AND text < '~~')
  SELECT EXISTS (SELECT 1 FROM sealed JOIN asked ON instr('+' || marks || '+', '+' || mark || '+') > 0)`;
