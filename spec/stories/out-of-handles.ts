import { join } from 'node:path';
import test from 'ava';
import { faultsOf } from '../_support/check-journal.js';
import { folderOf } from '../_support/folder.js';
import { program } from '../_support/program.js';

interface Told {
  readonly taken: number;
  readonly refused: readonly { readonly code: string; readonly message: string }[];
  readonly results: readonly unknown[];
  readonly opened: unknown;
}

test('without a file handle left no database is opened, the one that is open works on, and all opens later (scenario 35)', async (t) => {
  const folder = folderOf(t);

  const told = await program(t, 'out-of-handles', [folder], { openFiles: 80 }).message<Told>(() => true);

  t.true(told.taken > 0 && told.taken < 80, 'the limit was met');
  t.deepEqual(
    told.refused.map(({ code }) => code),
    ['JOURNAL_FAILED', 'JOURNAL_FAILED', 'JOURNAL_FAILED'],
  );
  for (const { message } of told.refused) t.regex(message, /\.db: .*ulimit -n/);
  t.deepEqual(told.results, ['meanwhile 2', 'and 3']);
  t.is(told.opened, 'opened');
  t.deepEqual(await faultsOf(`file:${join(folder, 'runs.db')}`), []);
});
