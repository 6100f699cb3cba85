import { spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { existsSync } from 'node:fs';
import { createServer, type AddressInfo } from 'node:net';
import { join } from 'node:path';
import type { ExecutionContext } from 'ava';
import { databaseOf, folderOf } from './files.js';
import type { Outcome, Pipeline, Stmt, StreamRequest } from './hrana/protocol.js';

/**
 * The program, installed for this test alone: as a dependency it would break `npm ci` wherever the registry lacks one of the platforms that it
 * names in its lock. `undefined` where it is not to be had.
 */
const installed = (t: ExecutionContext): string | undefined => {
  const folder = folderOf(t);
  const args = ['install', '--prefix', folder, '--no-save', '--silent', 'turso@0.6.0'];
  const { status } = spawnSync('npm', args, { cwd: folder, timeout: 60_000, stdio: 'ignore' });
  const cli = join(folder, 'node_modules/turso/src/index.js');
  return status === 0 && existsSync(cli) ? cli : undefined;
};

const freePort = async (): Promise<number> => {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  server.close();
  await once(server, 'close');
  return port;
};

/** A server of another make over a file of the test's own. Answers with its url, with `undefined` where it is not to be had. */
export const turso = async (t: ExecutionContext): Promise<string | undefined> => {
  const cli = installed(t);
  if (cli === undefined) return undefined;
  const port = await freePort();
  const child = spawn(process.execPath, [cli, databaseOf(t), '--sync-server', `127.0.0.1:${port}`], {
    stdio: 'ignore',
    detached: true,
  });
  t.teardown(() => {
    // The program is a child of the script that was started.
    if (child.pid !== undefined) process.kill(-child.pid, 'SIGKILL');
  });
  const url = `http://127.0.0.1:${port}`;
  while (!(await answers(url))) if (child.exitCode !== null) throw new Error('the server did not start');
  return url;
};

const answers = (url: string): Promise<boolean> =>
  fetch(`${url}/v2/pipeline`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ requests: [{ type: 'execute', stmt: { sql: 'SELECT 1' } }] }),
  }).then(
    ({ ok }) => ok,
    () => false,
  );

/** It knows neither stored texts nor closing, and no table without rowids. */
export const tursoFetch = async (request: Request): Promise<Response> => {
  const { requests } = (await request.json()) as Pipeline;
  const texts = new Map<number, string>();
  for (const each of requests) if (each.type === 'store_sql') texts.set(each.sql_id, each.sql);
  const isKnown = ({ type }: StreamRequest): boolean => type === 'execute' || type === 'batch';
  const toTurso = ({ sql, sql_id: id, ...rest }: Stmt): Stmt => ({
    ...rest,
    sql: (sql ?? texts.get(id ?? -1) ?? '').replace(/,\s*WITHOUT ROWID/, ''),
  });
  const known = requests.filter(isKnown).map((each): StreamRequest => {
    if (each.type === 'execute') return { ...each, stmt: toTurso(each.stmt) };
    if (each.type !== 'batch') return each;
    return { ...each, batch: { steps: each.batch.steps.map((step) => ({ ...step, stmt: toTurso(step.stmt) })) } };
  });
  const response = await fetch(request.url, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ baton: null, requests: known }),
    signal: request.signal,
  });
  if (!response.ok) return response;
  const answer = (await response.json()) as { results: Outcome[] };
  const results = requests.map((each): Outcome => {
    const next = isKnown(each) ? answer.results.shift() : undefined;
    return next ?? { type: 'ok', response: { type: each.type as 'close' } };
  });
  return Response.json({ baton: null, base_url: null, results });
};
