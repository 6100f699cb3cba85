/**
 * The schema, as migrations: number n brings a database from `user_version` n-1 to n. A released one is frozen. An empty database gets
 * the present schema at once (`present`): it may hold tables of the user's that have the names of our first ones.
 */
export const migrations: readonly string[] = [
  `
  CREATE TABLE runs (
    num INTEGER PRIMARY KEY AUTOINCREMENT,
    id TEXT NOT NULL UNIQUE,
    workflow TEXT NOT NULL,
    version INTEGER NOT NULL,
    status TEXT NOT NULL,
    link INTEGER NOT NULL DEFAULT 0,
    priority INTEGER NOT NULL DEFAULT 0,
    tags TEXT NOT NULL DEFAULT '{}',
    input_digest TEXT NOT NULL,
    created_at INTEGER NOT NULL,
    updated_at INTEGER NOT NULL,
    wake_at INTEGER,
    worker TEXT,
    detail TEXT,
    parent INTEGER REFERENCES runs (num),
    parent_key TEXT
  ) STRICT;
  CREATE INDEX runs_by_status ON runs (status, wake_at);
  CREATE INDEX runs_by_workflow ON runs (workflow, num);

  CREATE TABLE events (
    position INTEGER PRIMARY KEY AUTOINCREMENT,
    run INTEGER NOT NULL,
    link INTEGER NOT NULL,
    seq INTEGER NOT NULL,
    batch INTEGER NOT NULL,
    epoch INTEGER NOT NULL,
    type TEXT NOT NULL,
    key TEXT,
    digest TEXT,
    idx INTEGER,
    at INTEGER NOT NULL,
    payload TEXT,
    UNIQUE (run, link, seq)
  ) STRICT;

  -- What others than the owner ask of a run: signals now, control requests later. The owner drains it in the order of ids.
  CREATE TABLE inbox (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    run INTEGER NOT NULL,
    kind TEXT NOT NULL DEFAULT 'signal',
    name TEXT NOT NULL,
    payload TEXT NOT NULL,
    at INTEGER NOT NULL,
    idempotency_key TEXT,
    consumed INTEGER NOT NULL DEFAULT 0
  ) STRICT;
  CREATE INDEX inbox_unread ON inbox (run, id) WHERE consumed = 0;
  CREATE UNIQUE INDEX inbox_once ON inbox (run, name, idempotency_key) WHERE idempotency_key IS NOT NULL;

  CREATE TABLE workers (
    id TEXT PRIMARY KEY,
    fence INTEGER NOT NULL,
    host TEXT NOT NULL,
    pid INTEGER NOT NULL,
    lease_until INTEGER NOT NULL
  ) STRICT;
  -- The last fence that was given out; it outlives the workers.
  CREATE TABLE fences (one INTEGER PRIMARY KEY CHECK (one = 1), last INTEGER NOT NULL) STRICT;
  INSERT INTO fences VALUES (1, 0);
  `,
  `
  -- The user's own tables live beside ours.
  ALTER TABLE runs RENAME TO tempolite_runs;
  ALTER TABLE events RENAME TO tempolite_events;
  ALTER TABLE inbox RENAME TO tempolite_inbox;
  ALTER TABLE workers RENAME TO tempolite_workers;
  ALTER TABLE fences RENAME TO tempolite_fences;
  DROP INDEX runs_by_status;
  DROP INDEX runs_by_workflow;
  DROP INDEX inbox_unread;
  DROP INDEX inbox_once;
  CREATE INDEX tempolite_runs_by_status ON tempolite_runs (status, wake_at);
  CREATE INDEX tempolite_runs_by_workflow ON tempolite_runs (workflow, num);
  CREATE INDEX tempolite_inbox_unread ON tempolite_inbox (run, id) WHERE consumed = 0;
  CREATE UNIQUE INDEX tempolite_inbox_once ON tempolite_inbox (run, name, idempotency_key)
    WHERE idempotency_key IS NOT NULL;

  ALTER TABLE tempolite_runs ADD COLUMN parent_id TEXT;
  ALTER TABLE tempolite_runs ADD COLUMN on_close TEXT;
  ALTER TABLE tempolite_runs ADD COLUMN versions TEXT;
  ALTER TABLE tempolite_runs ADD COLUMN rewinds TEXT;
  CREATE INDEX tempolite_runs_by_parent ON tempolite_runs (parent) WHERE parent IS NOT NULL;

  -- The latest value that a run has published under each name.
  CREATE TABLE tempolite_exposed (
    run INTEGER NOT NULL,
    name TEXT NOT NULL,
    payload TEXT NOT NULL,
    at INTEGER NOT NULL,
    PRIMARY KEY (run, name)
  ) STRICT, WITHOUT ROWID;
  `,
  `
  -- Several workers share a database: each looks for nobody's runs, and for its own.
  DROP INDEX tempolite_runs_by_status;
  CREATE INDEX tempolite_runs_by_status ON tempolite_runs (status, worker, wake_at);

  -- Payloads that are too big for their row, which has '~#' and the digest instead. prune deletes those that no row refers to.
  CREATE TABLE tempolite_big_payloads (digest TEXT PRIMARY KEY, content TEXT NOT NULL) STRICT;
  CREATE INDEX tempolite_events_big ON tempolite_events (payload) WHERE payload >= '~#' AND payload < '~$';
  CREATE INDEX tempolite_inbox_big ON tempolite_inbox (payload) WHERE payload >= '~#' AND payload < '~$';

  -- How payloads have been sealed, with something to try the keys on.
  CREATE TABLE tempolite_seals (mark TEXT PRIMARY KEY, probe TEXT NOT NULL) STRICT, WITHOUT ROWID;

  -- Runs that prune has taken away, whose rows are still to be deleted.
  CREATE TABLE tempolite_pruned (num INTEGER PRIMARY KEY) STRICT;
  CREATE INDEX tempolite_inbox_by_run ON tempolite_inbox (run);
  `,
];

/** What the migrations come to. */
export const present = `
  CREATE TABLE tempolite_runs (
    num INTEGER PRIMARY KEY AUTOINCREMENT,
    id TEXT NOT NULL UNIQUE,
    workflow TEXT NOT NULL,
    version INTEGER NOT NULL,
    status TEXT NOT NULL,
    link INTEGER NOT NULL DEFAULT 0,
    priority INTEGER NOT NULL DEFAULT 0,
    tags TEXT NOT NULL DEFAULT '{}',
    input_digest TEXT NOT NULL,
    created_at INTEGER NOT NULL,
    updated_at INTEGER NOT NULL,
    wake_at INTEGER,
    worker TEXT,
    detail TEXT,
    parent INTEGER REFERENCES tempolite_runs (num),
    parent_key TEXT,
    parent_id TEXT,
    on_close TEXT,
    versions TEXT,
    rewinds TEXT
  ) STRICT;
  CREATE INDEX tempolite_runs_by_status ON tempolite_runs (status, worker, wake_at);
  CREATE INDEX tempolite_runs_by_workflow ON tempolite_runs (workflow, num);
  CREATE INDEX tempolite_runs_by_parent ON tempolite_runs (parent) WHERE parent IS NOT NULL;

  CREATE TABLE tempolite_events (
    position INTEGER PRIMARY KEY AUTOINCREMENT,
    run INTEGER NOT NULL,
    link INTEGER NOT NULL,
    seq INTEGER NOT NULL,
    batch INTEGER NOT NULL,
    epoch INTEGER NOT NULL,
    type TEXT NOT NULL,
    key TEXT,
    digest TEXT,
    idx INTEGER,
    at INTEGER NOT NULL,
    payload TEXT,
    UNIQUE (run, link, seq)
  ) STRICT;

  -- What others than the owner put to a run: signals, what its children say, requests. The owner drains it in the order of ids.
  CREATE TABLE tempolite_inbox (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    run INTEGER NOT NULL,
    kind TEXT NOT NULL DEFAULT 'signal',
    name TEXT NOT NULL,
    payload TEXT NOT NULL,
    at INTEGER NOT NULL,
    idempotency_key TEXT,
    consumed INTEGER NOT NULL DEFAULT 0
  ) STRICT;
  CREATE INDEX tempolite_inbox_unread ON tempolite_inbox (run, id) WHERE consumed = 0;
  CREATE UNIQUE INDEX tempolite_inbox_once ON tempolite_inbox (run, name, idempotency_key)
    WHERE idempotency_key IS NOT NULL;

  CREATE TABLE tempolite_workers (
    id TEXT PRIMARY KEY,
    fence INTEGER NOT NULL,
    host TEXT NOT NULL,
    pid INTEGER NOT NULL,
    lease_until INTEGER NOT NULL
  ) STRICT;
  -- The last fence that was given out; it outlives the workers.
  CREATE TABLE tempolite_fences (one INTEGER PRIMARY KEY CHECK (one = 1), last INTEGER NOT NULL) STRICT;
  INSERT INTO tempolite_fences VALUES (1, 0);

  -- The latest value that a run has published under each name.
  CREATE TABLE tempolite_exposed (
    run INTEGER NOT NULL,
    name TEXT NOT NULL,
    payload TEXT NOT NULL,
    at INTEGER NOT NULL,
    PRIMARY KEY (run, name)
  ) STRICT, WITHOUT ROWID;

  -- Payloads that are too big for their row, which has '~#' and the digest instead. prune deletes those that no row refers to.
  CREATE TABLE tempolite_big_payloads (digest TEXT PRIMARY KEY, content TEXT NOT NULL) STRICT;
  CREATE INDEX tempolite_events_big ON tempolite_events (payload) WHERE payload >= '~#' AND payload < '~$';
  CREATE INDEX tempolite_inbox_big ON tempolite_inbox (payload) WHERE payload >= '~#' AND payload < '~$';

  -- How payloads have been sealed, with something to try the keys on.
  CREATE TABLE tempolite_seals (mark TEXT PRIMARY KEY, probe TEXT NOT NULL) STRICT, WITHOUT ROWID;

  -- Runs that prune has taken away, whose rows are still to be deleted.
  CREATE TABLE tempolite_pruned (num INTEGER PRIMARY KEY) STRICT;
  CREATE INDEX tempolite_inbox_by_run ON tempolite_inbox (run);
`;
