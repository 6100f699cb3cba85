// The whole check, in an order that fails early: build, lint, floors, package, specs with coverage. What fails is told when
// it fails and once more at the end, with its reason, behind what took longest. The last line is `N passed, N failed`; a check that fails before the
// specs counts as one failure, as does a spec file that ends badly without a failed test.
import { spawn, spawnSync } from 'node:child_process';
import { createInterface } from 'node:readline';

const checks = ['build', 'lint', 'floors', 'package-check'];

for (const check of checks) {
  const { status } = spawnSync('npm', ['run', check, '--silent'], { stdio: 'inherit' });
  if (status === 0) continue;
  console.log(`${check} failed\n0 passed, 1 failed`);
  process.exit(1);
}

const specs = spawn('npx', ['c8', '--reporter=text-summary', '--include=dist/source/**', 'ava', '--tap'], {
  stdio: ['ignore', 'pipe', 'inherit'],
});
const ended = new Promise((resolve) => specs.once('close', resolve));

const shownFiles = 15;

let passed = 0;
let failed = 0;
let inFailure = false;
const failures = [];
/** When the first and the last test of a file ended, in ms since the beginning. */
const files = new Map();
const begin = performance.now();

const note = (line) => {
  const file = line
    .replace(/^(not )?ok \d+ - /, '')
    .split(' › ')
    .slice(0, -1)
    .join('/');
  const now = performance.now() - begin;
  files.set(file, { first: files.get(file)?.first ?? now, last: now });
};

for await (const line of createInterface({ input: specs.stdout })) {
  if (/^(not )?ok \d+/.test(line)) note(line);
  if (/^ok \d+/.test(line)) {
    inFailure = false;
    passed++;
    if (passed % 250 === 0) console.log(`${passed} passed so far`);
  } else if (/^not ok \d+/.test(line)) {
    inFailure = true;
    failed++;
    failures.push(line);
    console.log(line);
  } else if (/^\s/.test(line)) {
    if (inFailure) failures.push(line);
  } else if (!/^(TAP|---|$)/.test(line)) {
    console.log(line);
  }
}

const status = await ended;
const secondsOf = ({ first, last }) => Math.round((last - first) / 1000);
const slowest = [...files].sort(([, one], [, other]) => secondsOf(other) - secondsOf(one)).slice(0, shownFiles);
console.log('seconds between the first and the last test of a file:');
for (const [file, times] of slowest) console.log(`  ${String(secondsOf(times)).padStart(4)} ${file}`);
if (failures.length > 0) console.log(failures.join('\n'));
const broken = status !== 0 && failed === 0 ? 1 : failed;
console.log(`${passed} passed, ${broken} failed`);
process.exitCode = broken > 0 || passed === 0 ? 1 : 0;
