// npm run soak -- [--seconds 60] [--processes 4] [--seed N]
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { faultsOf } from '../_support/check-journal.js';
import { soak } from './soak.js';

const { values } = parseArgs({
  options: {
    seconds: { type: 'string', default: '60' },
    processes: { type: 'string', default: '4' },
    seed: { type: 'string', default: String(Date.now() % 100_000) },
  },
});
const folder = mkdtempSync(join(tmpdir(), 'tempolite-soak-'));
const url = `file:${join(folder, 'runs.db')}`;
const seed = Number(values.seed);
console.log(`seed ${seed}: ${values.processes} processes on one file for ${values.seconds} s`);
const { faults, figures } = await soak({
  url,
  world: join(folder, 'world'),
  seconds: Number(values.seconds),
  processes: Number(values.processes),
  seed,
  healSeconds: 120,
});
console.table(figures);
const all = [...faults, ...(await faultsOf(url))];
for (const fault of all.slice(0, 50)) console.error(fault);
console.log(all.length === 0 ? 'all is well' : `${all.length} faults; the files are in ${folder}`);
if (all.length === 0) rmSync(folder, { recursive: true });
process.exitCode = all.length === 0 ? 0 : 1;
