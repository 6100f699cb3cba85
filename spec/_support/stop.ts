import { execFileSync, type ChildProcess } from 'node:child_process';
import { setImmediate } from 'node:timers/promises';
import Database from 'libsql';

/**
 * Stops a process as SIGSTOP does, but outside of its write lock: one that is stopped within keeps it, and nobody can write until it goes on
 * or is killed. A connection of its own asks for the lock; if that is taken, the process goes on until it is free, and is stopped again.
 */
export const stopOutsideOfLock = async ({ child }: { readonly child: ChildProcess }, path: string): Promise<void> => {
  const database = new Database(path);
  for (let isHeld = true; isHeld;) {
    child.kill('SIGSTOP');
    while (!isStopped(child)) await setImmediate();
    isHeld = !isFree(database);
    if (isHeld) child.kill('SIGCONT');
    while (isHeld && !isFree(database)) await setImmediate();
  }
  database.close();
};

/** The signal is sent at once, and obeyed a little later. */
const isStopped = ({ pid }: ChildProcess): boolean =>
  execFileSync('ps', ['-o', 'stat=', '-p', String(pid)], { encoding: 'utf8' })
    .trim()
    .startsWith('T');

const isFree = (database: InstanceType<typeof Database>): boolean => {
  try {
    database.exec('BEGIN IMMEDIATE');
    database.exec('ROLLBACK');
    return true;
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'SQLITE_BUSY') return false;
    throw error;
  }
};
