import test, { type ExecutionContext } from 'ava';
import type { Change, Journal, RunCommit, SignalRecord } from '../../../source/journal/journal.js';
import { openJournal } from '../../../source/journal/libsql/open-journal.js';
import { databaseOf } from '../../_support/folder.js';
import { newRun, openOwned, output, own, seqsOf, type Subject } from '../../_support/journals.js';
import { poolOf } from '../../_support/pools.js';

const file: Subject = {
  name: 'file',
  open: async (t) => {
    const journal = await openJournal({ url: databaseOf(t) });
    t.teardown(() => journal.close());
    return journal;
  },
};

const pool: Subject = { name: 'pool', open: (t) => poolOf(t) };

const go = { runId: 'run', name: 'go', payload: '1', at: 1 };

const consumedBy = (seq: number, runId = 'run'): ((signal: SignalRecord) => RunCommit) => {
  return ({ id, payload }) => ({
    runId,
    link: 0,
    events: [
      {
        type: 'signal-received',
        seq,
        batch: seq,
        epoch: 0,
        at: 1,
        key: 'signal:go#0',
        digest: 'd',
        index: id,
        payload,
      },
    ],
    consumed: [id],
  });
};

/** What is told, commit by commit. */
const toldBy = (t: ExecutionContext, journal: Journal): (readonly Change['type'][])[] => {
  const told: (readonly Change['type'][])[] = [];
  t.teardown(
    journal.subscribe((changes) => {
      told.push(changes.map(({ type }) => type));
    }),
  );
  return told;
};

for (const subject of [file, pool]) {
  test(`${subject.name}: a signal and the reply to it are one commit`, async (t) => {
    const journal = await openOwned(subject, t);
    const told = toldBy(t, journal);

    const { accepted, signal, events } = await journal.signal(go, consumedBy(1));

    t.true(accepted);
    t.like(events, [{ type: 'signal-received', index: signal.id }]);
    t.deepEqual(await seqsOf(journal), [0, 1]);
    t.deepEqual((await journal.inbox('run')).signals, []);
    t.deepEqual(told, [['signal', 'events', 'consumed']]);
  });
}

test('a signal that nobody replies to waits', async (t) => {
  const journal = await openOwned(file, t);
  const { signal, events } = await journal.signal(go, () => undefined);

  t.is(events, undefined);
  t.deepEqual((await journal.inbox('run')).signals, [signal]);
});

test('nobody is asked for a reply to a signal that counts no more', async (t) => {
  const journal = await openOwned(file, t);
  const once = { ...go, idempotencyKey: 'k' };
  await journal.signal(once);
  const { accepted, events } = await journal.signal(once, () => t.fail('there is nothing to reply to'));

  t.deepEqual([accepted, events], [false, undefined]);
  await t.throwsAsync(
    journal.signal({ ...go, runId: 'nobody' }, () => t.fail()),
    { code: 'RUN_NOT_FOUND' },
  );
});

test('whoever is asked for a reply is told of unread mail from before the signal', async (t) => {
  const url = databaseOf(t);
  const [journal, other] = [await openJournal({ url }), await openJournal({ url })];
  t.teardown(() => Promise.all([journal.close(), other.close()]));
  await own(journal);
  for (const id of ['asked', 'signalled', 'free']) await journal.start(newRun(id, { status: 'running' }));
  const before = { name: 'go', payload: '0', at: 1 };
  const { id } = await other.request({ ...before, runId: 'asked', name: 'cancel' }, ['running']);
  await other.signal({ ...before, runId: 'signalled' });
  const { signal: last } = await other.signal({ ...before, runId: 'signalled' });
  await other.signal({ ...before, runId: 'free', name: 'other' });
  const read = await other.signal({ ...before, runId: 'free' });
  await journal.commit({ runId: 'free', link: 0, events: [], consumed: [read.signal.id] });

  const told: (number | undefined)[] = [];
  for (const runId of ['asked', 'signalled', 'free']) {
    await journal.signal({ ...go, runId }, (_, latest) => {
      told.push(latest);
      return undefined;
    });
  }

  t.deepEqual(told, [id, last.id, undefined]);
});

test('a reply that passes over unread mail is left out', async (t) => {
  const journal = await openOwned(file, t);
  await journal.signal(go);
  const { events } = await journal.signal(go, consumedBy(1));

  t.is(events, undefined);
  t.deepEqual(await seqsOf(journal), [0]);
});

test('a reply that the database refuses is left out, and the signal waits', async (t) => {
  const journal = await openOwned(file, t);
  let asked = 0;
  const { signal, events } = await journal.signal(go, (record) => {
    asked += 1;
    // There is an event with this seq.
    return consumedBy(0)(record);
  });

  t.is(events, undefined);
  t.is(asked, 1);
  t.deepEqual(await seqsOf(journal), [0]);
  t.deepEqual((await journal.inbox('run')).signals, [signal]);
});

test('the reply of a worker that was taken over is left out, and the signal waits for the other', async (t) => {
  const url = databaseOf(t);
  const [journal, other] = [await openJournal({ url }), await openJournal({ url })];
  t.teardown(() => Promise.all([journal.close(), other.close()]));
  await own(journal, 'first', 0);
  await journal.start(newRun('run', { status: 'running' }));
  t.true(await other.expire());
  await own(other, 'second');

  const { signal, events } = await journal.signal(go, consumedBy(1));

  t.is(events, undefined);
  t.deepEqual((await other.inbox('run')).signals, [signal]);
  t.is((await other.claimRun('run'))?.id, 'run');
  t.deepEqual(await seqsOf(other), [0]);
});

test('a transaction that another caller has spoiled is written again with the same reply', async (t) => {
  const journal = await openOwned(file, t);
  await journal.start(newRun('other', { status: 'running' }));
  const told = toldBy(t, journal);
  let asked = 0;
  const reply = (record: SignalRecord): RunCommit => {
    asked += 1;
    return consumedBy(1)(record);
  };

  const [{ events }] = await Promise.all([
    journal.signal(go, reply),
    journal.commit({ runId: 'other', link: 0, events: [output(1)] }),
    t.throwsAsync(journal.signal({ ...go, runId: 'nobody' }), { code: 'RUN_NOT_FOUND' }),
  ]);

  t.is(asked, 1);
  t.is(events?.length, 1);
  t.deepEqual(await seqsOf(journal), [0, 1]);
  t.deepEqual((await journal.inbox('run')).signals, []);
  t.deepEqual(told, [['signal', 'events', 'consumed'], ['events']]);
});

test('a reply to a signal that has another id at the second try is left out', async (t) => {
  const journal = await openOwned(file, t);
  await journal.start(newRun('other'));

  // At the first try it comes behind a letter of a commit that is refused.
  const asked = { runId: 'other', name: 'cancel', payload: '{}', at: 1 };
  const spoilt = { runId: 'run', link: 0, events: [output(0)], requests: [asked] };
  const ids: number[] = [];
  const [, { signal, events }] = await Promise.all([
    t.throwsAsync(journal.commit(spoilt)),
    journal.signal(go, (record) => {
      ids.push(record.id);
      return consumedBy(1)(record);
    }),
  ]);

  t.deepEqual(ids, [signal.id + 1]);
  t.is(events, undefined);
  t.deepEqual((await journal.inbox('run')).signals, [signal]);
  t.deepEqual(await seqsOf(journal), [0]);
});
