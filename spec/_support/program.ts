import { spawn, type ChildProcess } from 'node:child_process';
import { fileURLToPath, pathToFileURL } from 'node:url';
import type { ExecutionContext } from 'ava';

export interface Program {
  readonly child: ChildProcess;
  /** The next message for which `fits` holds; rejects when the process ends before. */
  message<M>(fits: (message: M) => boolean): Promise<M>;
  /** The first such message, which may have come already. */
  said<M>(fits: (message: M) => boolean): Promise<M>;
  /** How it ended. */
  readonly ended: Promise<{
    readonly code: number | null;
    readonly signal: NodeJS.Signals | null;
    readonly errors: string;
  }>;
  kill(): Promise<void>;
}

export interface ProgramOptions {
  /** As many files it may have open at once. */
  readonly openFiles?: number;
  /** A program that is loaded before it. */
  readonly preload?: string;
  readonly env?: Readonly<Record<string, string>>;
}

const pathOf = (name: string): string => fileURLToPath(new URL(`programs/${name}.js`, import.meta.url));

/** Runs a program of `_support/programs` in a process of its own. */
export const program = (
  t: ExecutionContext,
  name: string,
  args: readonly string[],
  { openFiles, preload, env }: ProgramOptions = {},
): Program => {
  const imports = preload === undefined ? [] : ['--import', pathToFileURL(pathOf(preload)).href];
  const command = [process.execPath, ...process.execArgv, ...imports, pathOf(name), ...args];
  const limited =
    openFiles === undefined ? command : ['sh', '-c', `ulimit -n ${openFiles}; exec "$@"`, 'sh', ...command];
  const [file = '', ...rest] = limited;
  const child = spawn(file, rest, {
    stdio: ['ignore', 'ignore', 'pipe', 'ipc'],
    serialization: 'advanced',
    env: { ...process.env, ...env },
  });
  t.teardown(() => child.kill('SIGKILL'));
  let errors = '';
  child.stderr?.on('data', (data: Buffer) => (errors += data.toString()));
  const heard: unknown[] = [];
  child.on('message', (message) => heard.push(message));
  const ended: Program['ended'] = new Promise((resolve) => {
    child.once('close', (code, signal) => {
      resolve({ code, signal, errors });
    });
  });
  const message = <M>(fits: (message: M) => boolean): Promise<M> =>
    new Promise<M>((resolve, reject) => {
      child.on('message', (message) => {
        if (fits(message as M)) resolve(message as M);
      });
      void ended.then(({ code, signal }) => {
        reject(new Error(`${name} ended (${code ?? signal}) without the message: ${errors}`));
      });
    });
  return {
    child,
    ended,
    message,
    said: <M>(fits: (message: M) => boolean) => {
      const earlier = heard.find((message) => fits(message as M));
      return earlier === undefined ? message(fits) : Promise.resolve(earlier as M);
    },
    kill: async () => {
      child.kill('SIGKILL');
      await ended;
    },
  };
};
