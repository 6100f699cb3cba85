export default {
  entry: [
    'source/index.ts',
    'source/testing/index.ts',
    'spec/**/*.ts',
    'demos/*.ts',
    'bench/index.ts',
    'scripts/*.mjs',
  ],
  project: ['source/**', 'spec/**', 'demos/**', 'bench/**'],
  // The remote driver of a later release is built on it; it is part of the package's promise already.
  ignoreDependencies: ['@libsql/client'],
  exclude: ['types', 'exports'],
};
