import test from 'ava';
import fc from 'fast-check';
import { EngineError, JournalError } from '../../../source/errors.js';
import type { RunEvent } from '../../../source/journal/event.js';
import type { Journal } from '../../../source/journal/journal.js';
import { newRun, openOwned, output, own, seqsOf, tailOf, type Subject } from '../../_support/journals.js';

const command = { key: 'activity:charge#1', digest: 'd', epoch: 2, at: 1_900_000_000_000, batch: 1 } as const;
const outside = { epoch: 0, at: 1_900_000_000_000, batch: 1 } as const;

const everyType: readonly RunEvent[] = [
  { ...command, seq: 1, type: 'activity-intended' },
  { ...command, seq: 2, type: 'activity-attempt-failed', index: 1, payload: '{"error":"x"}' },
  { ...command, seq: 3, type: 'activity-heartbeat', index: 1, payload: '50' },
  { ...command, seq: 4, type: 'activity-emitted', index: 0, payload: '"\\u0000 and \\ud800"' },
  { ...command, seq: 5, type: 'activity-completed' },
  { ...command, seq: 6, type: 'activity-completed', payload: '{"$type":"Undefined"}' },
  { ...command, seq: 7, type: 'activity-failed', index: 3, payload: '"😀"' },
  { ...command, seq: 8, type: 'side-effect-recorded', payload: '' },
  { ...command, seq: 9, type: 'signal-received', index: 1, payload: 'true' },
  { ...command, seq: 10, type: 'timer-fired', index: 2 ** 52 },
  { ...outside, seq: 11, type: 'output-emitted', index: 0, digest: 'd', payload: '1' },
  { ...outside, seq: 12, type: 'run-failed', payload: '"no"' },
  { ...outside, seq: 13, type: 'run-completed' },
];

export const append = (subject: Subject): void => {
  const { name } = subject;

  test(`${name}: an event of each type comes back as it was appended`, async (t) => {
    const journal = await openOwned(subject, t);

    await journal.commit({ runId: 'run', link: 0, events: everyType });

    t.deepEqual(await journal.events('run', 0, 1, 100), everyType);
  });

  test(`${name}: commits of any size go on where the one before ended`, async (t) => {
    const journal = await openOwned(subject, t);
    let seq = 1;

    for (const size of [1, 0, 2, 49, 50, 51, 120]) {
      const events = Array.from({ length: size }, (_, index) => output(seq + index));
      await journal.commit({ runId: 'run', link: 0, events });
      seq += size;
    }

    t.deepEqual(
      await seqsOf(journal),
      Array.from({ length: seq }, (_, index) => index),
    );
  });

  test(`${name}: events are read from a seq on, at most as many as asked for`, async (t) => {
    const journal = await openOwned(subject, t);
    await journal.commit({ runId: 'run', link: 0, events: [1, 2, 3, 4].map((seq) => output(seq)) });

    t.deepEqual(
      (await journal.events('run', 0, 2, 2)).map(({ seq }) => seq),
      [2, 3],
    );
    t.deepEqual(await journal.events('run', 0, 5, 10), []);
    t.deepEqual(await journal.events('run', 0, 0, 0), []);
  });

  test(`${name}: a run has one event of each seq and link`, async (t) => {
    const journal = await openOwned(subject, t);
    await journal.commit({ runId: 'run', link: 0, events: [output(1)] });

    const twice = journal.commit({ runId: 'run', link: 0, events: [output(2), output(1, { payload: '"other"' })] });

    const error = await t.throwsAsync(twice, { instanceOf: JournalError });
    t.is(error.code, 'JOURNAL_FAILED');
    t.deepEqual(await journal.events('run', 0, 1, 10), [output(1)]);
  });

  test(`${name}: each link counts its events from its own beginning`, async (t) => {
    const journal = await openOwned(subject, t);

    await journal.commit({ runId: 'run', link: 0, events: [output(1)] });
    await journal.commit({ runId: 'run', link: 1, events: [output(0), output(1)] });

    t.deepEqual(await seqsOf(journal, 'run', 0), [0, 1]);
    t.deepEqual(await seqsOf(journal, 'run', 1), [0, 1]);
  });

  test(`${name}: a commit is all or nothing`, async (t) => {
    const journal = await openOwned(subject, t);
    const { signal } = await journal.signal({ runId: 'run', name: 's', payload: '1', at: 1 });

    const torn = journal.commit({
      runId: 'run',
      link: 0,
      // The fault stands in the second statement of a large commit.
      events: [...Array.from({ length: 60 }, (_, index) => output(index + 1)), output(60)],
      consumed: [signal.id],
      status: { status: 'completed', at: 9 },
    });

    await t.throwsAsync(torn, { instanceOf: JournalError });
    t.deepEqual(await seqsOf(journal), [0]);
    t.is((await journal.run('run'))?.status, 'pending');
    t.deepEqual((await journal.inbox('run')).signals, [signal]);
  });

  const faults: readonly [what: string, act: (journal: Journal) => Promise<unknown>][] = [
    ['a seq that is taken', (journal) => journal.commit({ runId: 'run', link: 0, events: [output(0)] })],
    ['an append to nobody', (journal) => journal.commit({ runId: 'nobody', link: 0, events: [output(1)] })],
    ['a signal to nobody', (journal) => journal.signal({ runId: 'nobody', name: 's', payload: '1', at: 1 })],
    ['an instant that is none', (journal) => journal.signal({ runId: 'run', name: 's', payload: '1', at: NaN })],
    ['a place that is none', (journal) => journal.commit({ runId: 'run', link: 0, events: [output(1.5)] })],
  ];
  for (const [what, act] of faults) {
    test(`${name}: ${what} fails its caller alone, not those who write in the same tick`, async (t) => {
      const journal = await openOwned(subject, t);

      const answers = await Promise.allSettled([
        journal.start(newRun('one')),
        journal.commit({ runId: 'run', link: 0, events: [output(1)] }),
        act(journal),
        journal.commit({ runId: 'run', link: 0, events: [output(2)] }),
        journal.signal({ runId: 'one', name: 's', payload: '1', at: 1 }),
      ]);

      t.deepEqual(
        answers.map(({ status }) => status),
        ['fulfilled', 'fulfilled', 'rejected', 'fulfilled', 'fulfilled'],
      );
      t.deepEqual(await seqsOf(journal), [0, 1, 2]);
      t.is((await journal.inbox('one')).signals.length, 1);
    });
  }

  test(`${name}: a page of events begins and ends where it should, whatever its size`, async (t) => {
    const journal = await openOwned(subject, t);
    const events = Array.from({ length: 59 }, (_, n) => output(n + 1));
    await journal.commit({ runId: 'run', link: 0, events });
    const sizes = [1, 19, 20, 21, 40, 41, 59, 60, 61, 1000];

    for (const from of [0, 1, 20, 59, 60]) {
      for (const size of sizes) {
        const seqs = (await journal.events('run', 0, from, size)).map(({ seq }) => seq);
        const expected = Array.from({ length: Math.max(0, Math.min(size, 60 - from)) }, (_, n) => from + n);
        t.deepEqual(seqs, expected, `${size} from ${from}`);
      }
    }
  });

  test(`${name}: a run that is not there cannot be appended to`, async (t) => {
    const journal = await openOwned(subject, t);

    const error = await t.throwsAsync(journal.commit({ runId: 'nobody', link: 0, events: [output(1)] }), {
      instanceOf: EngineError,
    });

    t.is(error.code, 'RUN_NOT_FOUND');
  });

  test(`${name}: the last output is that of the link`, async (t) => {
    const journal = await openOwned(subject, t);
    await journal.commit({
      runId: 'run',
      link: 0,
      events: [output(1), output(2), { ...outside, seq: 3, type: 'run-completed' }],
    });

    t.deepEqual(await journal.lastOutput('run', 0), output(2));
    t.is(await journal.lastOutput('run', 1), undefined);
  });

  test(`${name}: the tail has every event of the database once, in the order of commits`, async (t) => {
    const journal = await subject.open(t);
    await own(journal);
    const script = fc.sample(fc.array(fc.constantFrom('a', 'b', 'c'), { minLength: 40, maxLength: 40 }), 1)[0] ?? [];
    const next = new Map<string, number>();
    const expected: (readonly [string, number])[] = [];

    for (const id of ['a', 'b', 'c']) {
      const started = journal.start(newRun(id));
      if (subject.pool) await started;
      expected.push([id, 0]);
    }
    const commits = script.map((id) => {
      const seq = (next.get(id) ?? 0) + 1;
      next.set(id, seq);
      expected.push([id, seq]);
      return journal.commit({ runId: id, link: 0, events: [output(seq)] });
    });
    await Promise.all(commits);

    const all = await tailOf(journal);
    // Where each run has a file of its own, the order of commits is that of each file.
    const inOrder =
      subject.pool === 'many files' ? [...expected].sort(([one], [other]) => one.localeCompare(other)) : expected;
    t.deepEqual(
      all.map(({ runId, event }) => [runId, event.seq]),
      inOrder.map((entry) => [...entry]),
    );
    const positions = all.map(({ position }) => position);
    t.deepEqual(
      [...new Set(positions)].sort((x, y) => x - y),
      positions,
    );
    t.deepEqual(await journal.tail(positions[4] ?? 0, 3), all.slice(5, 8));
    t.deepEqual(await journal.tail(positions.at(-1) ?? 0, 3), []);
  });
};
