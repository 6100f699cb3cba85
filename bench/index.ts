// npm run bench [-- --json FILE] [--only W1,W4]: our figures beside raw libSQL, in one run. A benchmark, not a test.
import { writeFileSync } from 'node:fs';
import { cpus } from 'node:os';
import { parseArgs } from 'node:util';
import Table from 'cli-table3';
import { rounds, type Result } from './result.js';
import { w7 } from './workloads/across.js';
import { baseline } from './workloads/baseline.js';
import { idle } from './workloads/idle.js';
import { w5 } from './workloads/latency.js';
import { w6 } from './workloads/parked.js';
import { w8 } from './workloads/remote.js';
import { w4 } from './workloads/replay.js';
import { gap, w1, w2, w3 } from './workloads/steps.js';

const workloads: Readonly<Record<string, () => Promise<Result[]>>> = {
  raw: baseline,
  W1: w1,
  W2: w2,
  W3: w3,
  W4: w4,
  W5: w5,
  W6: w6,
  W7: w7,
  W8: w8,
  gap,
  idle,
};

const argumentsOf = (): { readonly json?: string | undefined; readonly only: readonly string[] } => {
  const all = Object.keys(workloads);
  try {
    const { values } = parseArgs({ options: { json: { type: 'string' }, only: { type: 'string' } } });
    const only = values.only?.split(',') ?? all;
    const unknown = only.filter((name) => !all.includes(name));
    if (unknown.length > 0) throw new Error(`--only takes some of ${all.join(',')}, not ${unknown.join(',')}`);
    return { json: values.json, only };
  } catch (error) {
    console.error(`${(error as Error).message}\nusage: npm run bench [-- --json FILE] [--only ${all.join(',')}]`);
    process.exit(2);
  }
};

const shown = (value: number | undefined): string =>
  value === undefined
    ? ''
    : value.toLocaleString('en', { maximumFractionDigits: Math.abs(value) >= 100 ? 0 : Math.abs(value) >= 10 ? 1 : 3 });

const verdict = ({ value, aim }: Result): string => {
  if (!aim) return '';
  const [sign, bound] = aim;
  const met = sign === '>=' ? value >= bound : value <= bound;
  return `${met ? '✓' : '✗'} ${sign === '>=' ? '≥' : '≤'} ${shown(bound)}`;
};

const { json, only } = argumentsOf();
const results: Result[] = [];
for (const name of only) {
  const work = workloads[name];
  if (!work) continue;
  process.stderr.write(`${name} …\n`);
  results.push(...(await work()));
}

const table = new Table({
  head: ['', 'what', 'value', 'unit', 'raw libSQL', 'ratio', 'aim'],
  style: { head: [], border: [] },
});
for (const result of results) {
  const { id, what, value, unit, raw, ratio } = result;
  table.push([id, what, { content: shown(value), hAlign: 'right' }, unit, shown(raw), shown(ratio), verdict(result)]);
}
console.log(
  `medians of ${rounds} warm rounds · Node ${process.version} · ${cpus().length} × ${cpus()[0]?.model ?? 'CPU'}`,
);
console.log(table.toString());
if (json !== undefined) {
  const lines = results.map(({ id, value, unit, raw, ratio }) => ({
    id,
    value,
    unit,
    raw: raw ?? null,
    ratio: ratio ?? null,
  }));
  writeFileSync(json, `${JSON.stringify(lines, undefined, 2)}\n`);
}
