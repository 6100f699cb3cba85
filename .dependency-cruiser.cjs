/** The floors of the house: each imports only from those below it, siblings never import each other. */
const floor = (name, from, allowed) => ({
  name,
  severity: 'error',
  from: { path: `^source/${from}/` },
  to: {
    path: '^source/',
    pathNot: [`^source/${from}/`, '^source/errors\\.ts$', ...allowed.map((a) => `^source/${a}`)],
  },
});
const port = 'journal/[^/]+\\.ts$';
/** Where databases are opened. */
const doors = ['journal/libsql/open-journal\\.ts$', 'journal/libsql/pool/open-pool\\.ts$'];

module.exports = {
  forbidden: [
    { name: 'no-circular', severity: 'error', from: {}, to: { circular: true } },
    floor('F0-values', 'values', []),
    floor('F1-journal', 'journal', ['values/']),
    floor('F2-run', 'run', ['values/', port]),
    floor('F3-operators', 'operators', ['values/', port, 'run/']),
    floor('F3-engine', 'engine', ['values/', port, 'run/']),
    floor('F3-observe', 'observe', ['values/', port, 'run/']),
    floor('F4-client', 'client', ['values/', port, ...doors, 'run/', 'engine/', 'observe/']),
    floor('F4-testing', 'testing', ['values/', port, ...doors, 'run/', 'operators/', 'engine/', 'observe/', 'client/']),
    {
      name: 'drivers-behind-the-port',
      severity: 'error',
      from: { path: '^source/', pathNot: '^source/journal/libsql/' },
      to: { path: 'node_modules/(libsql|@libsql)/' },
    },
    {
      name: 'rxjs-by-its-front-door',
      severity: 'error',
      from: { path: '^source/' },
      to: {
        path: 'node_modules/rxjs/(?!dist/types/index|dist/cjs/index|dist/types/testing/index|dist/cjs/testing/index|package)',
      },
    },
    {
      name: 'source-is-the-product',
      severity: 'error',
      from: { path: '^source/' },
      to: { path: '^(spec|demos|bench)/' },
    },
  ],
  options: {
    doNotFollow: { path: 'node_modules' },
    tsPreCompilationDeps: true,
    tsConfig: { fileName: 'tsconfig.json' },
    enhancedResolveOptions: { exportsFields: ['exports'], conditionNames: ['import', 'types', 'default'] },
  },
};
