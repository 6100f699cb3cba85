import { execFile } from 'node:child_process';
import { mkdirSync, readFileSync, readdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import test from 'ava';
import ts from 'typescript';
import { compilerOptions } from '../_support/compiler-options.js';

const root = fileURLToPath(new URL('../../../', import.meta.url));
// Within the package, so that `import … from 'tempolite'` means this one.
const folder = join(root, 'dist', 'examples');
mkdirSync(folder, { recursive: true });

interface Example {
  readonly name: string;
  readonly code: string;
  readonly prints: string | undefined;
}

const examplesOf = (page: string): Example[] => {
  const text = readFileSync(join(root, page), 'utf8');
  return [...text.matchAll(/```ts\n(.*?)```(?:\s*```text\n(.*?)```)?/gs)].map(([, code = '', prints], index) => ({
    name: `${page.replace(/\W/g, '-')}-${index + 1}`,
    code,
    prints,
  }));
};

const pages = [
  'README.md',
  ...readdirSync(join(root, 'docs'))
    .filter((file) => file.endsWith('.md'))
    .map((file) => `docs/${file}`),
];
const examples = pages.flatMap(examplesOf);
for (const { name, code } of examples) writeFileSync(join(folder, `${name}.ts`), code);

const files = examples.map(({ name }) => join(folder, `${name}.ts`));
const program = ts.createProgram(files, { ...compilerOptions, outDir: folder, rootDir: folder });
const { diagnostics } = program.emit();
const faults = [...ts.getPreEmitDiagnostics(program), ...diagnostics];

test('every example compiles', (t) => {
  const host = {
    getCanonicalFileName: (file: string) => file,
    getCurrentDirectory: () => root,
    getNewLine: () => '\n',
  };
  t.is(ts.formatDiagnostics(faults, host), '');
});

for (const { name, prints } of examples) {
  test(`${name} runs and prints what the page shows`, async (t) => {
    const { stdout } = await promisify(execFile)(process.execPath, [join(folder, `${name}.js`)]);
    if (prints !== undefined) t.is(stdout, prints);
    else t.pass();
  });
}

test('there are examples', (t) => {
  t.true(examples.length >= 5);
});
