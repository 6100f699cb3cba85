import type { ExecutionContext } from 'ava';
import { serves } from '../file-of.js';
import { databaseOf } from '../files.js';
import { program } from '../program.js';
import { startHrana, type HranaServer } from './server.js';
import type { Settings } from './settings.js';

/** A server of this test's own, over a file of its own. */
export const hrana = async (t: ExecutionContext, options: Partial<Settings> = {}): Promise<HranaServer> => {
  const path = databaseOf(t);
  const server = await startHrana(path, options);
  for (const url of [server.http, server.ws]) serves(url, path);
  t.teardown(() => server.close());
  return server;
};

/** The same in a process of its own. */
export const hranaProcess = async (
  t: ExecutionContext,
  options: Partial<Settings> = {},
): Promise<Pick<HranaServer, 'http' | 'ws'>> =>
  program(t, 'hrana', [databaseOf(t), JSON.stringify(options)]).message<Pick<HranaServer, 'http' | 'ws'>>(
    (message) => 'http' in message,
  );
