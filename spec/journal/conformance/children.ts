import test from 'ava';
import type { RunEvent } from '../../../source/journal/event.js';
import type { Journal } from '../../../source/journal/journal.js';
import type { NewRun } from '../../../source/journal/run-record.js';
import { newRun, openOwned, output, own, type Subject } from '../../_support/journals.js';

const child = (id: string, changes: Partial<NewRun> = {}): NewRun =>
  newRun(id, { workflow: 'ship', parent: { runId: 'run', key: `child:ship#${id}` }, onClose: 'cancel', ...changes });

const commitOf = (runId: string): { runId: string; link: number; events: readonly RunEvent[] } => ({
  runId,
  link: 0,
  events: [],
});

const startChildren = (journal: Journal, ...children: readonly NewRun[]): Promise<unknown> =>
  journal.commit({ ...commitOf('run'), children });

const end = (seq: number, payload?: string): RunEvent => {
  const header = { seq, batch: seq, epoch: 0, at: 7 };
  return payload === undefined ? { ...header, type: 'run-completed' } : { ...header, type: 'run-failed', payload };
};

const lettersOf = async (journal: Journal, id = 'run') =>
  (await journal.letters(id)).map(({ kind, name, payload, at }) => [kind, name, JSON.parse(payload) as unknown, at]);

export const children = (subject: Subject): void => {
  const { name } = subject;

  test(`${name}: a child is there with its first event, under its parent, once the commit that starts it is`, async (t) => {
    const journal = await openOwned(subject, t);

    await journal.commit({
      ...commitOf('run'),
      events: [output(1)],
      children: [child('c', { tags: { city: 'Rome' } })],
    });

    t.like(await journal.run('c'), {
      workflow: 'ship',
      status: 'pending',
      link: 0,
      tags: { city: 'Rome' },
      parent: { runId: 'run', key: 'child:ship#c' },
    });
    t.deepEqual(await journal.events('c', 0, 0, 10), [
      { type: 'started', seq: 0, batch: 0, epoch: 0, at: 1, payload: '{"total":12.5}' },
    ]);
    t.deepEqual(
      (await journal.runs({ parent: 'run' }, { limit: 10 })).map(({ id }) => id),
      ['c'],
    );
  });

  test(`${name}: a child that is there already is left as it is`, async (t) => {
    const journal = await openOwned(subject, t);
    await startChildren(journal, child('c'));
    const before = await journal.run('c');

    await startChildren(journal, child('c', { input: '"other"', priority: 9 }));

    t.deepEqual(await journal.run('c'), before);
    t.is((await journal.events('c', 0, 0, 10)).length, 1);
  });

  test(`${name}: a commit that is refused starts no child`, async (t) => {
    const journal = await openOwned(subject, t);
    await own(journal, 'second', 10_000);
    await journal.release();

    await t.throwsAsync(journal.commit({ ...commitOf('run'), events: [output(1)], children: [child('c')] }));

    t.is(await journal.run('c'), undefined);
  });

  test(`${name}: outputs and end of a child are letters of its parent, in order`, async (t) => {
    const journal = await openOwned(subject, t);
    await startChildren(journal, child('c'));

    await journal.commit({ ...commitOf('c'), events: [output(1, { at: 5 })] });
    await journal.commit({
      ...commitOf('c'),
      events: [output(2, { at: 6 }), end(3)],
      status: { status: 'completed', at: 7 },
    });

    t.deepEqual(await lettersOf(journal), [
      ['child', 'c', { type: 'emitted', place: 0, payload: '1' }, 5],
      ['child', 'c', { type: 'emitted', place: 1, payload: '2' }, 6],
      ['child', 'c', { type: 'completed' }, 7],
    ]);
  });

  test(`${name}: a failure that is not the end of a child is not told`, async (t) => {
    const journal = await openOwned(subject, t);
    await startChildren(journal, child('c'));

    await journal.commit({
      ...commitOf('c'),
      events: [end(1, '"why"')],
      status: { status: 'waiting', at: 7, wakeAt: 9 },
    });

    t.deepEqual(await lettersOf(journal), []);
  });

  test(`${name}: a parent hears of a child also when it has failed, and no more when it has ended otherwise`, async (t) => {
    const journal = await openOwned(subject, t);
    await startChildren(journal, child('a'), child('b'));
    await journal.commit({ ...commitOf('run'), status: { status: 'failed', at: 2, detail: '"why"' } });
    await journal.commit({ ...commitOf('a'), events: [end(1)], status: { status: 'completed', at: 7 } });
    t.is((await journal.letters('run')).length, 1);

    await journal.commit({ ...commitOf('run'), status: { status: 'cancelled', at: 8 } });
    await journal.commit({ ...commitOf('b'), events: [end(1)], status: { status: 'completed', at: 9 } });

    t.is((await journal.letters('run')).length, 1);
  });

  test(`${name}: a letter that was consumed is not there any more`, async (t) => {
    const journal = await openOwned(subject, t);
    await startChildren(journal, child('c'));
    await journal.commit({ ...commitOf('c'), events: [output(1), output(2)] });
    const [first] = await journal.letters('run');

    await journal.commit({ ...commitOf('run'), consumed: [first!.id] });

    t.deepEqual(
      (await journal.letters('run')).map(({ payload }) => JSON.parse(payload) as unknown),
      [{ type: 'emitted', place: 1, payload: '2' }],
    );
  });

  test(`${name}: a request in a commit comes to a child that is not at its end`, async (t) => {
    const journal = await openOwned(subject, t);
    await startChildren(journal, child('open'), child('done'));
    await journal.commit({ ...commitOf('done'), events: [end(1)], status: { status: 'completed', at: 7 } });
    const request = { name: 'cancel', payload: '{}', at: 8 };

    await journal.commit({
      ...commitOf('run'),
      requests: [
        { ...request, runId: 'open' },
        { ...request, runId: 'done' },
      ],
    });

    t.deepEqual(await lettersOf(journal, 'open'), [['control', 'cancel', {}, 8]]);
    t.deepEqual(await lettersOf(journal, 'done'), []);
  });

  for (const [what, chosen, closed] of [
    ['all children', 'all', ['a', 'b']],
    ['one child', ['b', 'gone'], ['b']],
    ['no child', [], []],
  ] as const) {
    test(`${name}: the policies of ${what} are carried out, but for those at their end`, async (t) => {
      const journal = await openOwned(subject, t);
      const policies = { a: 'cancel', b: 'terminate', gone: 'cancel', free: 'abandon' } as const;
      await startChildren(journal, ...Object.entries(policies).map(([id, onClose]) => child(id, { onClose })));
      await journal.commit({ ...commitOf('gone'), events: [end(1)], status: { status: 'completed', at: 7 } });
      await journal.start(newRun('stranger'));

      await journal.commit({ ...commitOf('run'), closes: { children: chosen, at: 8 } });

      for (const id of ['a', 'b', 'gone', 'free', 'stranger'] as const) {
        const isClosed = (closed as readonly string[]).includes(id);
        const expected = isClosed ? [['control', policies[id as 'a' | 'b'], {}, 8]] : [];
        t.deepEqual(await lettersOf(journal, id), expected, id);
      }
    });
  }

  test(`${name}: whoever listens hears of a child's start and of its letters`, async (t) => {
    const journal = await openOwned(subject, t);
    const heard: string[] = [];
    journal.subscribe((changes) => {
      for (const change of changes) {
        if (change.type === 'run') heard.push(`run ${change.run.id}`);
        if (change.type === 'letter') heard.push(`letter to ${change.runId} from ${change.letter.name}`);
      }
    });

    await startChildren(journal, child('c'));
    await journal.commit({ ...commitOf('c'), events: [output(1)] });

    t.deepEqual(heard, ['run c', 'letter to run from c']);
  });
};
