// The whole check, in an order that fails early: build, lint, floors, package, specs with coverage. The last line is
// `N passed, N failed`; a check that fails before the specs counts as one failure.
import { spawnSync } from 'node:child_process';

const checks = ['build', 'lint', 'floors', 'package-check'];

const run = (command, args, options = {}) => spawnSync(command, args, { stdio: 'inherit', ...options });

for (const check of checks) {
  const { status } = run('npm', ['run', check, '--silent']);
  if (status === 0) continue;
  console.log(`${check} failed\n0 passed, 1 failed`);
  process.exit(1);
}

const specs = run('npx', ['c8', '--reporter=text-summary', '--include=dist/source/**', 'ava', '--tap'], {
  stdio: ['ignore', 'pipe', 'inherit'],
  encoding: 'utf8',
  maxBuffer: 1 << 28,
});
const lines = specs.stdout.split('\n');
const passed = lines.filter((line) => /^ok \d+/.test(line)).length;
const failed = lines.filter((line) => /^not ok \d+/.test(line)).length;
console.log(
  failed > 0 || specs.status !== 0 ? specs.stdout : lines.filter((line) => !/^(ok|TAP|---|\s)/.test(line)).join('\n'),
);
const broken = specs.status !== 0 && failed === 0 ? 1 : failed;
console.log(`${passed} passed, ${broken} failed`);
process.exit(broken > 0 || passed === 0 ? 1 : 0);
