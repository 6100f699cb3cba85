import test from 'ava';
import type { Exposed } from '../../../source/journal/exposed.js';
import type { Journal } from '../../../source/journal/journal.js';
import { newRun, openOwned, output, own, seqsOf, type Subject } from '../../_support/journals.js';

const publish = async (journal: Journal, ...exposed: readonly Exposed[]): Promise<void> => {
  await journal.commit({ runId: 'run', link: 0, events: [], exposed });
};

const byName = (all: readonly Exposed[]): readonly Exposed[] =>
  [...all].sort((one, other) => one.name.localeCompare(other.name));

/** What runs publish. */
export const exposed = (subject: Subject): void => {
  const { name } = subject;

  test(`${name}: a run has published the latest value of each name, and its instant`, async (t) => {
    const journal = await openOwned(subject, t);
    t.deepEqual(await journal.exposed('run'), []);

    await publish(journal, { name: 'a', payload: '1', at: 5 }, { name: 'o\'clock "%', payload: '"\\ud800 😀"', at: 5 });
    await publish(journal, { name: 'a', payload: '2', at: 5 });
    await publish(journal, { name: 'b', payload: '"x"', at: 7 });
    await publish(journal, { name: 'a', payload: '3', at: 1_900_000_000_001 });

    t.deepEqual(byName(await journal.exposed('run')), [
      { name: 'a', payload: '3', at: 1_900_000_000_001 },
      { name: 'b', payload: '"x"', at: 7 },
      { name: 'o\'clock "%', payload: '"\\ud800 😀"', at: 5 },
    ]);
  });

  test(`${name}: each run publishes under names of its own, and nobody publishes nothing`, async (t) => {
    const journal = await openOwned(subject, t);
    await journal.start(newRun('other'));
    await publish(journal, { name: 'a', payload: '1', at: 1 });
    await journal.commit({ runId: 'other', link: 0, events: [], exposed: [{ name: 'a', payload: '2', at: 2 }] });

    t.deepEqual(await journal.exposed('run'), [{ name: 'a', payload: '1', at: 1 }]);
    t.deepEqual(await journal.exposed('other'), [{ name: 'a', payload: '2', at: 2 }]);
    t.deepEqual(await journal.exposed('nobody'), []);
  });

  test(`${name}: what is published stays over the links of a run, and after its end`, async (t) => {
    const journal = await openOwned(subject, t);
    await publish(journal, { name: 'a', payload: '1', at: 1 });
    await journal.commit({
      runId: 'run',
      link: 0,
      events: [{ type: 'run-continued', seq: 1, batch: 1, epoch: 0, at: 4, payload: '2' }],
      next: { input: '2', at: 4, version: 1 },
      status: { status: 'running', at: 4 },
    });
    t.deepEqual(await journal.exposed('run'), [{ name: 'a', payload: '1', at: 1 }]);

    await journal.commit({
      runId: 'run',
      link: 1,
      events: [output(1)],
      exposed: [{ name: 'a', payload: '2', at: 5 }],
      status: { status: 'completed', at: 5 },
    });

    t.deepEqual(await journal.exposed('run'), [{ name: 'a', payload: '2', at: 5 }]);
  });

  test(`${name}: a commit that is refused publishes nothing, and nobody hears of it`, async (t) => {
    const journal = await openOwned(subject, t);
    await publish(journal, { name: 'a', payload: '1', at: 1 });
    const heard: string[] = [];
    journal.subscribe((changes) => {
      for (const change of changes) if (change.type === 'exposed') heard.push(change.exposed.payload);
    });

    await t.throwsAsync(
      journal.commit({
        runId: 'run',
        link: 0,
        events: [output(0)],
        exposed: [{ name: 'a', payload: '"lost"', at: 2 }],
      }),
    );
    await publish(journal, { name: 'a', payload: '2', at: 2 });

    t.deepEqual(await journal.exposed('run'), [{ name: 'a', payload: '2', at: 2 }]);
    t.deepEqual(heard, ['2']);
    t.deepEqual(await seqsOf(journal), [0]);
  });

  if (subject.openTwo) {
    const { openTwo } = subject;
    test(`${name}: what is published is there for others`, async (t) => {
      const [journal, other] = await openTwo(t);
      await own(journal);
      await journal.start(newRun('run', { status: 'running' }));

      await publish(journal, { name: 'a', payload: '1', at: 1 });

      t.deepEqual(await other.exposed('run'), [{ name: 'a', payload: '1', at: 1 }]);
    });
  }
};
