import { spawn, type ChildProcessByStdio } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';
import type { Readable, Writable } from 'node:stream';
import { fileURLToPath } from 'node:url';
import type { ExecutionContext } from 'ava';

/** A real process that runs a file of `_support`; killed at the latest when the test is over. */
export interface Child {
  readonly pid: number;
  /** The next line that it says. */
  readonly line: () => Promise<string>;
  readonly tell: (text: string) => void;
  /** SIGKILL; answers when it is gone. */
  readonly kill: () => Promise<void>;
}

export const startChild = (t: ExecutionContext, file: string, ...args: readonly string[]): Child => {
  const path = fileURLToPath(new URL(file, import.meta.url));
  const child = spawn(process.execPath, [path, ...args], { stdio: ['pipe', 'pipe', 'inherit'] });
  const lines = createInterface({ input: child.stdout })[Symbol.asyncIterator]();
  const kill = async (): Promise<void> => {
    if (isGone(child)) return;
    const gone = once(child, 'exit');
    child.kill('SIGKILL');
    await gone;
  };
  t.teardown(kill);
  return {
    pid: child.pid ?? -1,
    line: async () => {
      const next = await lines.next();
      return String(next.value);
    },
    tell: (text) => {
      child.stdin.write(`${text}\n`);
    },
    kill,
  };
};

const isGone = (child: ChildProcessByStdio<Writable, Readable, null>): boolean =>
  child.exitCode !== null || child.signalCode !== null;
