// npm run soak -- [--seconds 60] [--processes 4] [--seed N] [--on file|http|ws]: without --on, on a file, then on a server
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { faultsOf } from '../_support/check-journal.js';
import { startHrana } from '../_support/hrana/server.js';
import { soak } from './soak.js';

const { values } = parseArgs({
  options: {
    seconds: { type: 'string', default: '60' },
    processes: { type: 'string', default: '4' },
    on: { type: 'string' },
    seed: { type: 'string', default: String(Date.now() % 100_000) },
  },
});

/** One soak in a folder of its own, which is left where something does not hold. */
const soakOn = async (where: string): Promise<boolean> => {
  const folder = mkdtempSync(join(tmpdir(), 'tempolite-soak-'));
  const path = join(folder, 'runs.db');
  const server = where === 'file' ? undefined : await startHrana(path);
  const url = server ? (where === 'ws' ? server.ws : server.http) : `file:${path}`;
  const seed = Number(values.seed);
  console.log(`seed ${seed}: ${values.processes} processes on ${where} for ${values.seconds} s`);
  const { faults, figures } = await soak({
    url,
    world: join(folder, 'world'),
    seconds: Number(values.seconds),
    processes: Number(values.processes),
    seed,
    healSeconds: 120,
    ...(server
      ? {
          trouble: () => {
            server.faults.plan({ do: 'cut', when: 'after' }, { writes: true, after: 1 });
          },
        }
      : {}),
  });
  console.table(figures);
  const all = [...faults, ...(await faultsOf(url))];
  await server?.close();
  for (const fault of all.slice(0, 50)) console.error(fault);
  console.log(all.length === 0 ? 'all is well' : `${all.length} faults; the files are in ${folder}`);
  if (all.length === 0) rmSync(folder, { recursive: true });
  return all.length === 0;
};

for (const where of values.on?.split(',') ?? ['file', 'http']) if (!(await soakOn(where))) process.exitCode = 1;
