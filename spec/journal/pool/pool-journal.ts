import { folderOf } from '../../_support/folder.js';
import { aFileForEach, poolOf, shardsOf } from '../../_support/pools.js';
import { journalConformance } from '../conformance/suite.js';

journalConformance({
  name: 'pool, a file for each run',
  pool: 'many files',
  open: (t) => poolOf(t, aFileForEach),
  openTwo: async (t) => {
    const folder = folderOf(t);
    return [await poolOf(t, { folder, ...aFileForEach }), await poolOf(t, { folder, ...aFileForEach })];
  },
});

journalConformance({
  name: 'pool, one file',
  pool: 'one file',
  open: (t) => poolOf(t, { maxFileSize: 2 ** 30 }),
  openTwo: async (t) => {
    const folder = folderOf(t);
    return [await poolOf(t, { folder, maxFileSize: 2 ** 30 }), await poolOf(t, { folder, maxFileSize: 2 ** 30 })];
  },
});

journalConformance({
  name: 'shard',
  pool: 'one file',
  open: (t) => shardsOf(t, 1),
  openTwo: async (t) => {
    const folder = folderOf(t);
    return [await shardsOf(t, 1, folder), await shardsOf(t, 1, folder)];
  },
});
