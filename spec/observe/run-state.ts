import test from 'ava';
import { openJournal } from '../../source/journal/libsql/open-journal.js';
import type { RunStatus } from '../../source/journal/status.js';
import { runState } from '../../source/observe/run-state.js';
import { defaultCodec } from '../../source/values/codec.js';
import { announcer } from '../_support/altered.js';
import { deferred } from '../_support/engine.js';
import { newRun, own } from '../_support/journals.js';

test('a record that is heard of while a newer one is read is not shown behind that', async (t) => {
  const writer = await openJournal({ url: ':memory:' });
  t.teardown(() => writer.close());
  await own(writer);
  await writer.start(newRun('run', { status: 'running' }));
  const become = async (status: RunStatus): Promise<void> => {
    await writer.commit({ runId: 'run', link: 0, events: [], status: { status, at: 1 } });
  };
  let isFirst = true;
  const { journal, hold, release } = announcer(writer, {
    run: async (id) => {
      if (!isFirst) return writer.run(id);
      isFirst = false;
      await become('waiting');
      hold();
      await become('paused');
      setImmediate(() => {
        release();
        void become('completed');
      });
      return writer.run(id);
    },
  });
  const shown: string[] = [];
  const over = deferred();

  runState(journal, 'run', defaultCodec).subscribe({
    next: ({ status }) => shown.push(status),
    complete: over.resolve,
    error: over.reject,
  });
  await over.promise;

  t.deepEqual(shown, ['paused', 'completed']);
});
