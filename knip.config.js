export default {
  entry: ['bench/index.ts', 'demos/*.ts', 'demos/ingest/worker.ts', 'spec/**/*.ts', 'scripts/*.mjs'],
  project: ['source/**', 'spec/**', 'demos/**', 'bench/**', 'scripts/**'],
  ignoreDependencies: [
    // Read as a file, called as a program.
    'vega-datasets',
  ],
  // Of Debian's base system: the specs mount small disks.
  ignoreBinaries: ['umount', 'chattr'],
  // A union's members are documented one by one, whether or not somebody names them.
  exclude: ['types'],
};
