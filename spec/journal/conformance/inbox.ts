import test from 'ava';
import { EngineError } from '../../../source/errors.js';
import type { SignalRecord } from '../../../source/journal/journal.js';
import type { RunStatus } from '../../../source/journal/status.js';
import { newRun, openOwned, output, type Subject } from '../../_support/journals.js';

export const inbox = (subject: Subject): void => {
  const { name } = subject;

  test(`${name}: a request is taken behind another one that is undecided, in statuses that are named for that`, async (t) => {
    const journal = await openOwned(subject, t);
    const resume = { runId: 'run', name: 'resume', payload: '{}', at: 2 };
    t.is((await journal.request(resume, ['paused'], ['pending', 'running'])).id, undefined);

    const pause = await journal.request({ ...resume, name: 'pause' }, ['pending', 'running']);
    t.is((await journal.request(resume, ['paused'], ['blocked'])).id, undefined);
    t.not((await journal.request(resume, ['paused'], ['pending', 'running'])).id, undefined);
    const all = (await journal.inbox('run')).letters.map(({ id }) => id);
    t.deepEqual([all.length, all[0]], [2, pause.id]);
    await journal.commit({ runId: 'run', link: 0, events: [], consumed: all });

    t.is((await journal.request(resume, ['paused'], ['pending', 'running'])).id, undefined);
  });

  test(`${name}: signals wait in the mailbox in the order in which they came`, async (t) => {
    const journal = await openOwned(subject, t);
    await journal.start(newRun('other'));

    for (const [index, kind] of ['a', 'b', 'a', 'b'].entries()) {
      await journal.signal({ runId: 'run', name: kind, payload: String(index), at: 10 - index });
      await journal.signal({ runId: 'other', name: kind, payload: 'null', at: 1 });
    }

    const letters = (await journal.inbox('run')).signals;
    t.deepEqual(
      letters.map(({ name: kind, payload, at }) => [kind, payload, at]),
      [
        ['a', '0', 10],
        ['b', '1', 9],
        ['a', '2', 8],
        ['b', '3', 7],
      ],
    );
    t.deepEqual(
      letters.map(({ id }) => id),
      letters.map(({ id }) => id).sort((x, y) => x - y),
    );
  });

  test(`${name}: signals that have been consumed are told of with what waits, where they are asked for`, async (t) => {
    const journal = await openOwned(subject, t);
    const sent: SignalRecord[] = [];
    for (const at of [1, 2, 3])
      sent.push((await journal.signal({ runId: 'run', name: 's', payload: String(at), at })).signal);
    const asked = await journal.request({ runId: 'run', name: 'pause', payload: '{}', at: 4 }, ['pending', 'running']);
    await journal.request({ runId: 'run', name: 'resume', payload: '{}', at: 5 }, ['pending', 'running']);
    const [first, second, third] = sent.map(({ id }) => id);
    const read = [first ?? -1, second ?? -1, asked.id ?? -1];
    await journal.commit({ runId: 'run', link: 0, events: [output(1)], consumed: read });

    const inbox = await journal.inbox('run', [second ?? -1, third ?? -1, asked.id ?? -1, 1_000_000]);

    t.deepEqual(inbox.signals, sent.slice(1), 'no other one, and each once');
    t.like(inbox.letters, { length: 1, 0: { name: 'resume' } }, 'of requests those that wait');
  });

  test(`${name}: nobody consumes what another run was sent`, async (t) => {
    const journal = await openOwned(subject, t);
    await journal.start(newRun('other'));
    const { signal } = await journal.signal({ runId: 'other', name: 's', payload: '1', at: 1 });

    await journal.commit({ runId: 'run', link: 0, events: [output(1)], consumed: [signal.id] });

    t.deepEqual((await journal.inbox('other')).signals, [signal]);
  });

  test(`${name}: a signal with the same key counts once and keeps its first payload`, async (t) => {
    const journal = await openOwned(subject, t);
    const signal = { runId: 'run', name: 's', payload: '1', at: 1, idempotencyKey: 'k' };

    const first = await journal.signal(signal);
    const second = await journal.signal({ ...signal, payload: '2', at: 2 });

    t.true(first.accepted);
    t.false(second.accepted);
    t.deepEqual(second.signal, first.signal);
    t.deepEqual((await journal.inbox('run')).signals, [first.signal]);
  });

  test(`${name}: a key holds for one run and one kind of signal`, async (t) => {
    const journal = await openOwned(subject, t);
    await journal.start(newRun('other'));
    const signal = { runId: 'run', name: 's', payload: '1', at: 1, idempotencyKey: 'k' };

    const answers = await Promise.all([
      journal.signal(signal),
      journal.signal(signal),
      journal.signal({ ...signal, name: 'other' }),
      journal.signal({ ...signal, runId: 'other' }),
    ]);

    t.deepEqual(
      answers.map(({ accepted }) => accepted),
      [true, false, true, true],
    );
  });

  test(`${name}: a key counts once even after its signal was consumed, and after the end of the run`, async (t) => {
    const journal = await openOwned(subject, t);
    const signal = { runId: 'run', name: 's', payload: '1', at: 1, idempotencyKey: 'k' };
    const first = await journal.signal(signal);
    await journal.commit({ runId: 'run', link: 0, events: [output(1)], consumed: [first.signal.id] });

    t.false((await journal.signal(signal)).accepted);
    t.deepEqual((await journal.inbox('run')).signals, []);
    await journal.commit({ runId: 'run', link: 0, events: [], status: { status: 'completed', at: 2 } });
    t.deepEqual(await journal.signal(signal), { accepted: false, signal: first.signal });
  });

  test(`${name}: consumed signals leave the mailbox, the others keep their order`, async (t) => {
    const journal = await openOwned(subject, t);
    const letters = await Promise.all(
      ['1', '2', '3'].map((payload) => journal.signal({ runId: 'run', name: 's', payload, at: 1 })),
    );

    await journal.commit({ runId: 'run', link: 0, events: [output(1)], consumed: [letters[1]!.signal.id] });

    t.deepEqual(
      (await journal.inbox('run')).signals.map(({ payload }) => payload),
      ['1', '3'],
    );
  });

  test(`${name}: a signal whose consumption was refused is back at its place`, async (t) => {
    const journal = await openOwned(subject, t);
    const letters = await Promise.all(
      ['1', '2'].map((payload) => journal.signal({ runId: 'run', name: 's', payload, at: 1 })),
    );

    await t.throwsAsync(
      journal.commit({ runId: 'run', link: 0, events: [output(0)], consumed: [letters[0]!.signal.id] }),
    );

    t.deepEqual(
      (await journal.inbox('run')).signals.map(({ payload }) => payload),
      ['1', '2'],
    );
  });

  test(`${name}: a signal to nobody is refused`, async (t) => {
    const journal = await openOwned(subject, t);

    const error = await t.throwsAsync(journal.signal({ runId: 'nobody', name: 's', payload: '1', at: 1 }), {
      instanceOf: EngineError,
    });

    t.is(error.code, 'RUN_NOT_FOUND');
    t.regex(error.message, /"nobody"/);
  });

  for (const status of ['completed', 'failed', 'cancelled', 'terminated', 'continued'] satisfies RunStatus[]) {
    test(`${name}: a run that is ${status} takes no signals`, async (t) => {
      const journal = await openOwned(subject, t);
      await journal.commit({ runId: 'run', link: 0, events: [], status: { status, at: 1 } });

      const error = await t.throwsAsync(journal.signal({ runId: 'run', name: 's', payload: '1', at: 1 }), {
        instanceOf: EngineError,
      });

      t.is(error.code, 'RUN_ENDED');
      t.deepEqual((await journal.inbox('run')).signals, []);
    });
  }
};
