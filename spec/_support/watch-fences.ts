import { existsSync } from 'node:fs';
import Database from 'libsql';
import { openJournal } from '../../source/journal/libsql/open-journal.js';

/**
 * Makes a database that itself writes down, whichever process it is, the fence of each worker that comes and of whoever appends to a run. The
 * table is the test's own. One that is there already is left alone.
 */
export const watchFences = async (url: string): Promise<void> => {
  const path = pathOf(url);
  if (path === undefined || existsSync(path)) return;
  await (await openJournal({ url })).close();
  const database = new Database(path);
  database.exec(`
    PRAGMA wal_autocheckpoint = 0;
    CREATE TABLE seen_fences (place INTEGER PRIMARY KEY, run INTEGER, link INTEGER, seq INTEGER, fence INTEGER);
    CREATE TRIGGER seen_worker AFTER INSERT ON tempolite_workers BEGIN
      INSERT INTO seen_fences (fence) VALUES (NEW.fence);
    END;
    CREATE TRIGGER seen_append AFTER INSERT ON tempolite_events WHEN NEW.seq > 0 BEGIN
      INSERT INTO seen_fences (run, link, seq, fence)
      SELECT NEW.run, NEW.link, NEW.seq, fence FROM tempolite_runs JOIN tempolite_workers ON tempolite_workers.id = worker
      WHERE num = NEW.run;
    END`);
  database.close();
};

/** The fences that were written down, of workers and then of the appends to each run. None if nobody watched. */
export const seenFences = (url: string): readonly (readonly number[])[] => {
  const path = pathOf(url);
  if (path === undefined) return [];
  const database = new Database(path);
  try {
    const isWatched = database.prepare("SELECT 1 FROM sqlite_master WHERE name = 'seen_fences'").all().length > 0;
    if (!isWatched) return [];
    const rows = database.prepare('SELECT run, fence FROM seen_fences ORDER BY place').raw(true).all();
    const byRun = new Map<unknown, number[]>();
    for (const [run, fence] of rows as [number | null, number][]) byRun.set(run, [...(byRun.get(run) ?? []), fence]);
    return [byRun.get(null) ?? [], ...[...byRun].flatMap(([run, fences]) => (run === null ? [] : [fences]))];
  } finally {
    database.close();
  }
};

const pathOf = (url: string): string | undefined =>
  url.startsWith('file:') && !url.startsWith('file://') ? url.slice('file:'.length) : undefined;
