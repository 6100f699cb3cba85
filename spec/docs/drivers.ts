import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import test from 'ava';

const root = fileURLToPath(new URL('../../../', import.meta.url));

/** Where the link of a cell leads to. */
const targetOf = (cell: string): string => join('docs', /\]\(([^)]+)\)/.exec(cell)?.[1] ?? 'no link');

const rows = readFileSync(join(root, 'docs/drivers.md'), 'utf8')
  .split('\n')
  .filter((line) => /^\| \d/.test(line))
  .map((line) =>
    line
      .slice(1, -1)
      .split(' | ')
      .map((cell) => cell.trim()),
  )
  .map(([number = '', , , where = '', spec = '', title = '']) => ({
    number,
    where: targetOf(where),
    spec: targetOf(spec),
    title,
  }));

/** As they are written, with what a loop puts into them. */
const titlesOf = (spec: string): readonly string[] =>
  [...readFileSync(join(root, spec), 'utf8').matchAll(/\btest(?:\.serial)?\(\s*(['`])(.*?)\1,/g)].map(
    ([, , title = '']) => title,
  );

test('each of the twelve traps of the driver has a row', (t) => {
  const numbers = [...new Set(rows.map(({ number }) => Number(number)))];

  t.deepEqual(
    numbers,
    Array.from({ length: 12 }, (_, place) => place + 1),
  );
});

test('each row names a source and a spec that has a test of this title', (t) => {
  const wrong = rows.filter(({ where, spec, title }) => {
    if (!where.startsWith('source/') || !spec.startsWith('spec/')) return true;
    if (!existsSync(join(root, where)) || !existsSync(join(root, spec))) return true;
    return !titlesOf(spec).includes(title);
  });

  t.deepEqual(wrong, []);
});
