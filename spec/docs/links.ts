import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import test from 'ava';

const root = fileURLToPath(new URL('../../../', import.meta.url));

const pages = [
  ...readdirSync(root).filter((file) => file.endsWith('.md')),
  ...readdirSync(join(root, 'docs'), { recursive: true, encoding: 'utf8' })
    .filter((file) => file.endsWith('.md'))
    .map((file) => join('docs', file)),
];

const textOf = (page: string): string => readFileSync(join(root, page), 'utf8');

/** What is shown as code is no link. */
const proseOf = (page: string): string =>
  textOf(page)
    .replaceAll(/^```.*?^```/gms, '')
    .replaceAll(/`[^`\n]*`/g, '');

/** As GitHub makes them: small letters, no marks, a hyphen for each space. */
const anchorsOf = (page: string): readonly string[] =>
  [...textOf(page).matchAll(/^#+ (.*)$/gm)].map(([, title = '']) =>
    title
      .toLowerCase()
      .replaceAll(/[^\p{L}\p{N} _-]/gu, '')
      .replaceAll(' ', '-'),
  );

const links = pages.flatMap((page) =>
  [...proseOf(page).matchAll(/\]\(([^)\s]+)\)/g)]
    .map(([, link = '']) => link)
    .filter((link) => !/^[a-z]+:/.test(link))
    .map((link) => {
      const [path = '', anchor] = link.split('#');
      const target = path === '' ? page : join(dirname(page), path);
      return { page, link, target, anchor };
    }),
);

test('every link within the project leads to a file or folder that is there', (t) => {
  const dead = links
    .filter(({ target }) => !existsSync(join(root, target)))
    .map(({ page, link }) => `${page}: ${link}`);

  t.true(links.length > 50, 'the links were found');
  t.deepEqual(dead, []);
});

test('every link to a part of a page leads to a title of it', (t) => {
  const lost = links
    .filter(({ target, anchor }) => anchor !== undefined && target.endsWith('.md') && existsSync(join(root, target)))
    .filter(({ target, anchor = '' }) => !anchorsOf(target).includes(anchor))
    .map(({ page, link }) => `${page}: ${link}`);

  t.deepEqual(lost, []);
});

test('every code of an error that a page names is explained', (t) => {
  const explained = new Set([...textOf('docs/errors.md').matchAll(/^#+ `?([A-Z_]+)`?$/gm)].map(([, code]) => code));
  const named = pages
    .filter((page) => !page.startsWith('docs/adr/') && page !== 'CHANGELOG.md')
    .flatMap((page) => [...textOf(page).matchAll(/`([A-Z]+(?:_[A-Z]+)+)`/g)].map(([, code = '']) => ({ page, code })));

  t.true(named.length > 50, 'codes were found');
  t.deepEqual(
    named.filter(({ code }) => !explained.has(code)),
    [],
  );
});
