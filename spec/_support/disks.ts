import { execFileSync } from 'node:child_process';
import { closeSync, mkdtempSync, openSync, rmSync, writeSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { ExecutionContext } from 'ava';

/** Runs what only some machines permit; says so where it is refused. */
const permitted = (t: ExecutionContext, command: string, ...args: readonly string[]): boolean => {
  try {
    execFileSync(command, args, { stdio: 'pipe' });
    return true;
  } catch (error) {
    t.log(`skipped, this machine does not permit it: ${String(error)}`);
    t.pass();
    return false;
  }
};

/** A disk of a few KiB, mounted where it says; `undefined` where mounting is not permitted. */
export const smallDisk = (t: ExecutionContext, kib: number): string | undefined => {
  const folder = mkdtempSync(join(tmpdir(), 'tempolite-disk-'));
  const isMounted = permitted(t, 'mount', '-t', 'tmpfs', '-o', `size=${kib}k`, 'tmpfs', folder);
  t.teardown(() => {
    if (isMounted) execFileSync('umount', ['-l', folder]);
    rmSync(folder, { recursive: true, force: true });
  });
  return isMounted ? folder : undefined;
};

/** Fills the disk of a folder to its last byte; the answer makes room again. */
export const fill = (folder: string): (() => void) => {
  const path = join(folder, 'filler');
  const file = openSync(path, 'w');
  const page = Buffer.alloc(4096);
  for (let written = page.length; written > 0;) {
    try {
      written = writeSync(file, page);
    } catch {
      written = 0;
    }
  }
  closeSync(file);
  return () => {
    rmSync(path);
  };
};

/** Makes a folder read-only, also for root; the answer takes that back. `undefined` where mounting is not permitted. */
export const readOnly = (t: ExecutionContext, folder: string): (() => void) | undefined => {
  if (!permitted(t, 'mount', '--bind', folder, folder)) return undefined;
  const undo = once(() => {
    execFileSync('umount', ['-l', folder]);
  });
  t.teardown(undo);
  return permitted(t, 'mount', '-o', 'remount,ro,bind', folder) ? undo : undefined;
};

/** Makes files immutable, also for who has them open; the answer takes that back. `undefined` where that is not permitted. */
export const immutable = (t: ExecutionContext, ...files: readonly string[]): (() => void) | undefined => {
  if (!permitted(t, 'chattr', '+i', ...files)) return undefined;
  const undo = once(() => {
    execFileSync('chattr', ['-i', ...files]);
  });
  t.teardown(undo);
  return undo;
};

const once = (act: () => void): (() => void) => {
  let isDone = false;
  return () => {
    if (isDone) return;
    isDone = true;
    act();
  };
};
