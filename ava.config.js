export default {
  files: [
    'dist/spec/**/*.js',
    '!dist/spec/_support/**',
    '!dist/spec/types/**',
    '!dist/spec/simulator/**',
    '!dist/spec/soak/**',
    '!dist/spec/**/conformance/**',
  ],
  concurrency: 2,
  timeout: '2m',
  workerThreads: false,
};
