import test, { type ExecutionContext } from 'ava';
import * as io from 'io-ts';
import { lastValueFrom, toArray } from 'rxjs';
import type { Exposed } from '../../source/journal/exposed.js';
import type { Journal } from '../../source/journal/journal.js';
import { openJournal } from '../../source/journal/libsql/open-journal.js';
import type { RunStatus } from '../../source/journal/status.js';
import { runExposed } from '../../source/observe/run-exposed.js';
import { defaultCodec, type Codec } from '../../source/values/codec.js';
import { codecOf } from '../../source/values/io-ts-codec.js';
import { altered, announcer } from '../_support/altered.js';
import { deferred } from '../_support/engine.js';
import { interleavingsOf } from '../_support/interleavings.js';
import { newRun, own } from '../_support/journals.js';

const opened = async (t: ExecutionContext): Promise<Journal> => {
  const journal = await openJournal({ url: ':memory:' });
  t.teardown(() => journal.close());
  // What is read again waits a little, and that keeps no process alive.
  const alive = setInterval(() => undefined, 60_000);
  t.teardown(() => {
    clearInterval(alive);
  });
  await own(journal);
  await journal.start(newRun('run', { status: 'running' }));
  await journal.start(newRun('other', { status: 'running' }));
  return journal;
};

/** All at one instant unless told otherwise, so that nothing but the order of commits tells which is newer. */
const publish = async (journal: Journal, value: unknown, { at = 1, name = 'n', runId = 'run' } = {}): Promise<void> => {
  await journal.commit({ runId, link: 0, events: [], exposed: [{ name, payload: JSON.stringify(value), at }] });
};

const end = async (journal: Journal, status: RunStatus = 'completed'): Promise<void> => {
  await journal.commit({ runId: 'run', link: 0, events: [], status: { status, at: 9 } });
};

const all = (journal: Journal, codec: Codec<unknown> = defaultCodec): Promise<readonly unknown[]> =>
  lastValueFrom(runExposed(journal, 'run', 'n', codec).pipe(toArray()));

test('the latest value is shown, then each new one, and it completes with the run', async (t) => {
  const journal = await opened(t);
  for (const value of ['first', 'second']) await publish(journal, value);
  const isThere = deferred();
  const shown: unknown[] = [];
  const over = deferred();
  runExposed(journal, 'run', 'n', defaultCodec).subscribe({
    next: (value) => {
      shown.push(value);
      isThere.resolve();
    },
    complete: over.resolve,
  });
  await isThere.promise;

  await publish(journal, 'third');
  await publish(journal, 'fourth', { at: 2 });
  await publish(journal, 'fourth', { at: 3 });
  await end(journal);
  await over.promise;

  t.deepEqual(shown, ['second', 'third', 'fourth', 'fourth']);
});

for (const status of ['completed', 'failed', 'cancelled', 'terminated'] as const) {
  test(`of a run that is ${status} the latest value is shown, if there is one, and no more`, async (t) => {
    const journal = await opened(t);
    await publish(journal, 1);
    await end(journal, status);

    t.deepEqual(await all(journal), [1]);
    t.deepEqual(await lastValueFrom(runExposed(journal, 'run', 'nothing', defaultCodec).pipe(toArray())), []);
  });
}

test('what is published under another name or by another run is not shown', async (t) => {
  const journal = await opened(t);
  await publish(journal, 'stored', { name: 'm' });
  await publish(journal, 'stored', { runId: 'other' });
  const isRead = deferred();
  const shown = all(
    altered(journal, {
      exposed: async (runId) => {
        const stored = await journal.exposed(runId);
        isRead.resolve();
        return stored;
      },
    }),
  );
  await isRead.promise;

  await publish(journal, 'live', { name: 'm' });
  await publish(journal, 'live', { runId: 'other' });
  await publish(journal, 'mine');
  await end(journal);

  t.deepEqual(await shown, ['mine']);
});

test('a run that is not there is RUN_NOT_FOUND', async (t) => {
  const journal = await opened(t);

  await t.throwsAsync(lastValueFrom(runExposed(journal, 'nobody', 'n', defaultCodec)), { code: 'RUN_NOT_FOUND' });
});

test('a value that its codec refuses is an error, stored or live', async (t) => {
  const journal = await opened(t);
  const numbers = codecOf(io.number);
  const live = all(journal, numbers);
  await publish(journal, 'no number');

  await t.throwsAsync(live, { code: 'DECODE_FAILED' });
  await t.throwsAsync(all(journal, numbers), { code: 'DECODE_FAILED' });
});

test('a reading that fails is an error', async (t) => {
  const journal = await opened(t);
  const broken = altered(journal, { exposed: () => Promise.reject(new Error('the disk is gone')) });

  await t.throwsAsync(all(broken), { message: 'the disk is gone' });
});

test('a value that is published while the stored one is read is shown once', async (t) => {
  const journal = await opened(t);
  await publish(journal, 1);
  const meanwhile = altered(journal, {
    exposed: async (runId) => {
      await publish(journal, 2);
      return journal.exposed(runId);
    },
    run: async (id) => {
      const record = await journal.run(id);
      if (record?.status !== 'completed') setImmediate(() => void end(journal));
      return record;
    },
  });

  t.deepEqual(await all(meanwhile), [2]);
});

test('values that are published before the stored one arrives come behind it', async (t) => {
  const journal = await opened(t);
  await publish(journal, 1);
  let isFirst = true;
  const slow = altered(journal, {
    exposed: async (runId) => {
      const stored = await journal.exposed(runId);
      if (!isFirst) return stored;
      isFirst = false;
      await publish(journal, 2);
      await publish(journal, 3);
      await end(journal);
      return stored;
    },
  });

  t.deepEqual(await all(slow), [1, 2, 3]);
});

test('a value that is read before it is heard of is shown once, and the same again at another instant', async (t) => {
  const { journal, hold, release } = announcer(await opened(t));
  const isThere = deferred();
  const shown: unknown[] = [];
  const over = deferred();
  hold();
  await publish(journal, 1);
  runExposed(journal, 'run', 'n', defaultCodec).subscribe({
    next: (value) => {
      shown.push(value);
      isThere.resolve();
    },
    complete: over.resolve,
  });
  await isThere.promise;

  release();
  await publish(journal, 1, { at: 2 });
  await publish(journal, 2, { at: 3 });
  await end(journal);
  await over.promise;

  t.deepEqual(shown, [1, 1, 2]);
});

test('a value that is heard of while a newer one is read comes before that', async (t) => {
  const writer = await opened(t);
  const { journal, hold, release } = announcer(writer, {
    exposed: async (runId) => {
      if ((await writer.exposed(runId)).length === 0) {
        await publish(writer, 1);
        hold();
        await publish(writer, 2);
        setImmediate(() => {
          release();
          void publish(writer, 3).then(() => end(writer));
        });
      }
      return writer.exposed(runId);
    },
  });

  t.deepEqual(await all(journal), [1, 2, 3]);
});

test('a value that comes when others have just written is not lost', async (t) => {
  const writer = await opened(t);
  let readings = 0;
  const { journal, tell } = announcer(writer, {
    exposed: async (runId): Promise<readonly Exposed[]> => {
      const stored = await writer.exposed(runId);
      readings += 1;
      // The first reading is asked for once more, and what comes behind that notice is of this process.
      if (readings === 1) tell({ type: 'foreign' });
      if (readings === 1) await publish(writer, 1);
      if (readings === 2) setImmediate(() => void end(writer));
      return stored;
    },
  });

  t.deepEqual(await all(journal), [1]);
  t.is(readings, 2);
});

test('what others have published is found when they are noticed', async (t) => {
  const writer = await opened(t);
  const { journal, hold, tell } = announcer(writer);
  const shown: unknown[] = [];
  const over = deferred();
  const hasFirst = deferred();
  await publish(writer, 1);
  runExposed(journal, 'run', 'n', defaultCodec).subscribe({
    next: (value) => {
      shown.push(value);
      hasFirst.resolve();
    },
    complete: over.resolve,
  });
  await hasFirst.promise;
  hold();
  await publish(writer, 2);
  await publish(writer, 3);
  await end(writer);

  tell({ type: 'foreign' });
  await over.promise;

  t.deepEqual(shown, [1, 3]);
});

test('nothing is shown twice, late or not at all, whatever comes while it is read', async (t) => {
  const stored = await opened(t);
  const run = await stored.run('run');
  const exposedOf = (state: number): Exposed => ({ name: 'n', payload: String(state), at: 1 });

  await interleavingsOf(
    (state) => ({ type: 'exposed', runId: 'run', exposed: exposedOf(state) }),
    ({ subscribe, read }, show) => {
      const exposed = async (): Promise<readonly Exposed[]> => [exposedOf(await read())];
      const watched = altered(stored, { subscribe, exposed, run: () => Promise.resolve(run) });
      const subscription = runExposed(watched, 'run', 'n', codecOf(io.number)).subscribe(show);
      return () => {
        subscription.unsubscribe();
      };
    },
  );
  t.pass();
});
