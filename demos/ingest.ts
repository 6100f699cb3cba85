/**
 * `npm run demo [-- FILE]`: ingests a real, dirty data set with one workflow, in a worker process that is killed twice on the way,
 * and proves from the database that each record is there once.
 */
import { fork, type ChildProcess } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { SingleBar } from 'cli-progress';
import { proofOf, recordedEvents } from './ingest/proof.js';

interface Progress {
  readonly events?: number;
  readonly activities?: { readonly completed: number; readonly attemptsFailed: number };
  readonly status?: string;
  readonly result?: unknown;
}

const here = fileURLToPath(new URL('.', import.meta.url));
const films = join(here, '../../node_modules/vega-datasets/data/movies.json');
const data = resolve(process.argv[2] ?? films);
const records = (JSON.parse(readFileSync(data, 'utf8')) as unknown[]).length;
const folder = mkdtempSync(join(tmpdir(), 'tempolite-ingest-'));
const database = join(folder, 'ingest.db');

/** The worker is killed when so many records are through. */
const kills = [Math.round(records * 0.3), Math.round(records * 0.65)];

const bar = new SingleBar({
  format: '{bar} {percentage}% | {value}/{total} steps | {retries} retries | {status}',
  hideCursor: true,
  noTTYOutput: true,
  notTTYSchedule: 500,
});

/** Runs the worker until it ends by itself or is killed at so many steps. */
const work = (killAt: number): Promise<unknown> =>
  new Promise((settle, fail) => {
    const child: ChildProcess = fork(join(here, 'ingest/worker.js'), [database, data]);
    let result: unknown;
    child.on('message', (message: Progress) => {
      if (message.result !== undefined) result = message.result;
      if (!message.activities) return;
      const { completed, attemptsFailed } = message.activities;
      bar.update(Math.min(completed, bar.getTotal()), { retries: attemptsFailed, status: message.status });
      if (completed >= killAt) child.kill('SIGKILL');
    });
    child.on('exit', (code, signal) => {
      if (signal === 'SIGKILL') settle(undefined);
      else if (code === 0) settle(result);
      else fail(new Error(`the worker ended with code ${String(code)}`));
    });
  });

console.log(`${records} records of ${data}\n`);
const started = performance.now();
bar.start(records * 2, 0, { retries: 0, status: 'starting' });
const replayed: number[] = [];
for (const kill of kills) {
  await work(kill);
  replayed.push(recordedEvents(database));
  bar.update({ status: 'killed (SIGKILL)' });
}
const result = await work(Infinity);
bar.update(bar.getTotal(), { status: 'completed' });
bar.stop();
const seconds = (performance.now() - started) / 1000;

const { table, holds } = proofOf(database, { records, result, replayed, seconds });
console.log(`\n${table}`);
console.log(holds ? 'each record is there exactly once' : 'THE PROOF FAILS');
rmSync(folder, { recursive: true });
process.exitCode = holds ? 0 : 1;
