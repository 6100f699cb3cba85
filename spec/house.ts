import test from 'ava';
import { readdirSync, readFileSync } from 'node:fs';
import { basename, dirname, join, relative, sep } from 'node:path';
import { fileURLToPath } from 'node:url';

// A test of the code base itself. It is compiled to dist/spec, two folders below the root.
const root = fileURLToPath(new URL('../..', import.meta.url));

const filesOf = (folder: string): readonly string[] =>
  readdirSync(join(root, folder), { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => relative(root, join(entry.parentPath, entry.name)).split(sep).join('/'));

const linesOf = (file: string): readonly string[] => readFileSync(join(root, file), 'utf8').trimEnd().split('\n');

const source = filesOf('source');
const spec = filesOf('spec').filter((file) => !file.startsWith('spec/journal/golden/'));
const longestFile = 300;

test('the house is where this test looks for it', (t) => {
  t.true(source.includes('source/index.ts') && spec.includes('spec/house.ts'));
});

test('no file of source is longer than one can read in one go', (t) => {
  const long = source.map((file) => [file, linesOf(file).length] as const).filter(([, lines]) => lines > longestFile);

  t.deepEqual(long, []);
});

test('files and folders have kebab-case names', (t) => {
  const odd = [...source, ...spec].filter(
    (file) => !file.split('/').every((part) => /^_?[a-z][a-z\d]*(-[a-z\d]+)*(\.ts)?$/.test(part)),
  );

  t.deepEqual(odd, []);
});

test('no folder of source is a drawer for anything', (t) => {
  const drawers = new Set(['utils', 'util', 'helpers', 'helper', 'common', 'shared', 'misc', 'lib', 'types']);

  t.deepEqual(
    source.filter((file) =>
      dirname(file)
        .split('/')
        .some((part) => drawers.has(part)),
    ),
    [],
  );
});

test('nothing is left for later', (t) => {
  // Written apart, so that this file is no finding of its own.
  const marks = new RegExp(['TO' + 'DO', 'FIX' + 'ME', 'XX' + 'X\\b', 'for ' + 'now\\b', 'HA' + 'CK\\b'].join('|'));

  const left = [...source, ...spec].flatMap((file) =>
    linesOf(file).flatMap((line, index) => (marks.test(line) ? [`${file}:${index + 1}`] : [])),
  );

  t.deepEqual(left, []);
});

test('each spec has the path of what it tests', (t) => {
  const floorsOfTheirOwn = [
    'spec/soak/',
    'spec/types/',
    'spec/stories/',
    'spec/docs/',
    'spec/_support/',
    'spec/simulator/',
    'spec/soak/',
    'spec/journal/conformance/',
  ];
  const alone = ['spec/house.ts', 'spec/smoke.ts'];

  const astray = spec
    .filter((file) => !alone.includes(file) && !floorsOfTheirOwn.some((floor) => file.startsWith(floor)))
    .filter((file) => !source.includes(file.replace(/^spec\//, 'source/')));

  t.deepEqual(astray, []);
});

test('every driver passes the conformance suite of its port', (t) => {
  const suite = filesOf('spec/journal/conformance').filter((file) => basename(file) !== 'suite.ts');
  const joined = linesOf('spec/journal/conformance/suite.ts').join('\n');

  t.deepEqual(
    suite.filter((file) => !joined.includes(`'./${basename(file, '.ts')}.js'`)),
    [],
  );
});

const errorDocs = 'docs/errors.md';
test('each error code has a section in the docs, and each section is of a code', (t) => {
  const codes = linesOf('source/errors.ts').flatMap((line) => /^ {2}\| '([A-Z_]+)'/.exec(line)?.[1] ?? []);
  const sections = linesOf(errorDocs).flatMap((line) => /^## `?([A-Z_]+)`?$/.exec(line)?.[1] ?? []);

  t.true(codes.length > 20, 'the codes were found');
  t.deepEqual([...sections].sort(), [...codes].sort());
});
