import test from 'ava';
import { JournalError } from '../../../source/errors.js';
import type { Change, Journal } from '../../../source/journal/journal.js';
import { newRun, openOwned, output, own, seqsOf, tailOf, type Subject } from '../../_support/journals.js';

/** What a listener hears, as short texts. */
const hear = (journal: Journal): { readonly heard: string[]; readonly stop: () => void } => {
  const heard: string[] = [];
  const stop = journal.subscribe((changes) => {
    heard.push(...changes.flatMap(shortly));
  });
  return { heard, stop };
};

const shortly = (change: Change): readonly string[] => {
  if (change.type === 'foreign') return ['others wrote'];
  if (change.type === 'run') return [`${change.run.id} is ${change.run.status}`];
  if (change.type === 'signal') return [`${change.runId} < ${change.signal.payload}`];
  if (change.type === 'events') return change.events.map(({ runId, event }) => `${runId} ${event.seq}`);
  if (change.type === 'consumed') return [`${change.runId} read ${change.ids.join(' ')}`];
  return change.type === 'letter'
    ? [`${change.runId} <- ${change.letter.name}`]
    : [`${change.runId} shows ${change.exposed.name}`];
};

export const changes = (subject: Subject): void => {
  const { name, open } = subject;

  test(`${name}: a listener hears of everything that was committed, in order`, async (t) => {
    const journal = await open(t);
    await own(journal);
    const { heard } = hear(journal);

    await journal.start(newRun('a'));
    await Promise.all([
      journal.commit({ runId: 'a', link: 0, events: [output(1), output(2)] }),
      journal.signal({ runId: 'a', name: 's', payload: '"x"', at: 1 }),
      journal.commit({ runId: 'a', link: 0, events: [output(3)], status: { status: 'completed', at: 2 } }),
    ]);

    t.deepEqual(heard, ['a 0', 'a is pending', 'a 1', 'a 2', 'a < "x"', 'a 3', 'a is completed']);
  });

  test(`${name}: a listener hears of a commit before its promise settles, and can read it`, async (t) => {
    const journal = await open(t);
    let found: Promise<unknown> | undefined;
    let settled = false;
    journal.subscribe(() => {
      t.false(settled);
      found = journal.run('a');
    });

    await journal.start(newRun('a')).then(() => {
      settled = true;
    });

    t.like(await found, { id: 'a' });
  });

  test(`${name}: the positions that a listener hears are those of the tail`, async (t) => {
    const journal = await open(t);
    await own(journal);
    const positions: number[] = [];
    journal.subscribe((all) => {
      for (const change of all) if (change.type === 'events') positions.push(...change.events.map((e) => e.position));
    });

    await Promise.all([journal.start(newRun('a')), journal.start(newRun('b'))]);
    await Promise.all([
      journal.commit({ runId: 'a', link: 0, events: Array.from({ length: 120 }, (_, index) => output(index + 1)) }),
      journal.commit({ runId: 'b', link: 0, events: [output(1)] }),
    ]);

    // What is heard of several files at once has no order between them.
    const heard = subject.pool === 'many files' ? positions.sort((one, other) => one - other) : positions;
    t.deepEqual(
      heard,
      (await tailOf(journal)).map(({ position }) => position),
    );
  });

  test(`${name}: a listener hears once of what was written beside a refused neighbour, and never of that one`, async (t) => {
    const journal = await openOwned(subject, t);
    const { heard } = hear(journal);

    await Promise.allSettled([
      journal.commit({ runId: 'run', link: 0, events: [output(1)] }),
      journal.commit({ runId: 'run', link: 0, events: [output(7), output(1)] }), // taken
      journal.signal({ runId: 'run', name: 's', payload: '1', at: 1 }),
    ]);
    await journal.commit({ runId: 'run', link: 0, events: [output(2)] });

    t.deepEqual(heard, ['run 1', 'run < 1', 'run 2']);
  });

  test(`${name}: what changes nothing is not heard of`, async (t) => {
    const journal = await openOwned(subject, t);
    await journal.signal({ runId: 'run', name: 's', payload: '1', at: 1, idempotencyKey: 'k' });
    const { heard } = hear(journal);

    await journal.start(newRun('run'));
    await journal.signal({ runId: 'run', name: 's', payload: '1', at: 1, idempotencyKey: 'k' });

    t.deepEqual(heard, []);
  });

  test(`${name}: a listener that unsubscribes hears no more, even during a notice`, async (t) => {
    const journal = await open(t);
    const first = hear(journal);
    const second = hear(journal);
    journal.subscribe(() => {
      second.stop();
    });

    await journal.start(newRun('a'));
    first.stop();
    await journal.start(newRun('b'));

    t.deepEqual(first.heard, ['a 0', 'a is pending']);
    t.deepEqual(second.heard, ['a 0', 'a is pending']);
  });

  test(`${name}: closing writes what was asked for before, and refuses what comes after`, async (t) => {
    const [journal, again] = subject.openTwo ? await subject.openTwo(t) : [await open(t), undefined];

    const before = journal.start(newRun('before'));
    const closed = journal.close();
    const after = [
      journal.start(newRun('after')),
      journal.run('before'),
      journal.events('before', 0, 0, 1),
      journal.inbox('before'),
      journal.signal({ runId: 'before', name: 's', payload: '1', at: 1 }),
      journal.acquire({ id: 'w', leaseMs: 1 }),
    ];

    t.true((await before).created);
    for (const refused of await Promise.allSettled(after)) {
      t.like(refused, { status: 'rejected', reason: { code: 'JOURNAL_CLOSED' } });
    }
    await closed;
    await journal.close();
    await t.throwsAsync(journal.tail(0, 1), { instanceOf: JournalError });
    if (again) t.deepEqual(await seqsOf(again, 'before'), [0]);
  });
};
