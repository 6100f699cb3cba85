import test from 'ava';
import { JournalError } from '../../source/errors.js';
import { openJournal } from '../../source/journal/libsql/open-journal.js';
import { mortalJournal } from '../../source/testing/mortal-journal.js';
import { newRun, own } from '../_support/journals.js';

/** So often a dead process may ask in vain before its death is told; it takes a few rounds. */
const most = 1000;
const closed = { instanceOf: JournalError, code: 'JOURNAL_CLOSED' };

test('a process that asks again at once does not keep its own death from being written', async (t) => {
  const database = await openJournal();
  t.teardown(() => database.close());
  await own(database);
  let isOver = false;
  let asked = 0;
  const { journal } = mortalJournal(database, {
    faults: [{ append: 1, fault: 'dies-after' }],
    onDeath: () => {
      isOver = true;
    },
  });
  const asks = async (): Promise<void> => {
    for (; !isOver && asked < most; asked += 1) await t.throwsAsync(journal.expire(), closed);
  };

  await Promise.all([t.throwsAsync(journal.start(newRun('run')), closed), asks()]);

  t.true(isOver);
  t.true(asked < most, 'the event loop went on');
  t.truthy(await database.run('run'), 'it was written before the process died');
});
