import { spawn } from 'node:child_process';
import { cpSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { availableParallelism, tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { mutants, mutated, type Mutant } from './mutants.js';

// Puts one bug after the other into a copy of the compiled core and lets the simulator look for it.

const { values } = parseArgs({
  options: {
    seeds: { type: 'string', default: '2000' },
    /** Those whose name has this in it. */
    only: { type: 'string', default: '' },
  },
});

const root = join(dirname(fileURLToPath(import.meta.url)), '..', '..', '..');

/** The output of a simulation of a core that has this bug. */
const hunt = async (mutant: Mutant): Promise<string> => {
  const folder = mkdtempSync(join(tmpdir(), 'tempolite-mutant-'));
  try {
    cpSync(join(root, 'dist'), join(folder, 'dist'), { recursive: true });
    cpSync(join(root, 'package.json'), join(folder, 'package.json'));
    symlinkSync(join(root, 'node_modules'), join(folder, 'node_modules'));
    const path = join(folder, 'dist', 'source', mutant.file);
    writeFileSync(path, mutated(readFileSync(path, 'utf8'), mutant));
    return await outputOf(join(folder, 'dist', 'spec', 'simulator', 'index.js'));
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
};

const outputOf = (program: string): Promise<string> =>
  new Promise((resolve) => {
    const child = spawn(process.execPath, [program, '--seeds', values.seeds, '--until-failure']);
    let output = '';
    const add = (chunk: Buffer): void => {
      output += chunk.toString();
    };
    child.stdout.on('data', add);
    child.stderr.on('data', add);
    child.on('close', () => {
      resolve(output);
    });
  });

const diedOf = (output: string): string => /^\w*Error: .*$/m.exec(output)?.[0] ?? 'of an unknown cause';

const hunted = mutants.filter(({ name }) => name.includes(values.only));
// Before an hour is spent on the others.
for (const mutant of hunted) mutated(readFileSync(join(root, 'dist', 'source', mutant.file), 'utf8'), mutant);

const queue = [...hunted];
let missed = 0;

const work = async (): Promise<void> => {
  for (let mutant = queue.shift(); mutant; mutant = queue.shift()) {
    const output = await hunt(mutant);
    const seed = /^failed at seed (\d+)$/m.exec(output)?.[1];
    const why =
      /^(?:Caused by: )?(?:Error: )?(.*(?:differs|expected|executed|received|replayed|calm|fired|comes after|not done|did not end|done in excess).*)$/m.exec(
        output,
      )?.[1];
    if (seed === undefined) missed += 1;
    // It has died of the bug itself, as of a name that is no more: then nobody knows whether it would have found it.
    const isOver = output.includes('all is well');
    console.log(
      `${seed === undefined ? (isOver ? 'MISSED' : `DIED     ${diedOf(output)}:`) : `seed ${seed}`.padEnd(9)} ${mutant.name}${why === undefined ? '' : `\n          ${why.slice(0, 160)}`}`,
    );
  }
};

await Promise.all(Array.from({ length: Math.min(availableParallelism(), 4) }, work));
console.log(`${hunted.length - missed} of ${hunted.length} bugs found`);
process.exitCode = missed === 0 ? 0 : 1;
