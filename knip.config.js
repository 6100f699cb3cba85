export default {
  entry: ['bench/index.ts', 'demos/*.ts', 'demos/ingest/worker.ts', 'spec/**/*.ts', 'scripts/*.mjs'],
  project: ['source/**', 'spec/**', 'demos/**', 'bench/**', 'scripts/**'],
  // Read as files or called as programs.
  ignoreDependencies: ['vega-datasets', 'c8'],
};
