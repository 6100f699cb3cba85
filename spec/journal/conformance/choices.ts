import test from 'ava';
import type { RunEvent } from '../../../source/journal/event.js';
import type { Journal } from '../../../source/journal/journal.js';
import type { Rewind, RunRecord } from '../../../source/journal/run-record.js';
import { newRun, openOwned, output, own, type Subject } from '../../_support/journals.js';

const versions = { scoring: 3, 'o\'clock "%': 0, '😀': 2 ** 40 };
const automatic: Rewind = { seq: 2, from: 1, keepsSuccesses: true, sagas: [], automatic: true, at: 1_900_000_000_001 };
const byHand: Rewind = {
  seq: 4,
  from: 3,
  keepsSuccesses: false,
  sagas: [
    { key: 'saga:trip "😀"#0', since: 1 },
    { key: 'saga:trip#1', since: 3 },
  ],
  automatic: false,
  at: 1_900_000_000_002,
};
const chosen = (seq: number, change: string, index: number): RunEvent => ({
  type: 'version-chosen',
  seq,
  batch: seq,
  epoch: 0,
  at: 1,
  key: `version:${change}#0`,
  digest: '',
  index,
});

const told = (run: RunRecord | undefined): unknown => [run?.versions, run?.rewinds];

/** All ways to read a record. */
const everywhere = async (journal: Journal): Promise<readonly unknown[]> => [
  told(await journal.run('run')),
  told((await journal.runs({}, { limit: 1 }))[0]),
  told(await journal.claimRun('run')),
];

/** What a record keeps of the versions that its link has chosen, and of the places where it went back. */
export const choices = (subject: Subject): void => {
  const { name } = subject;

  test(`${name}: versions and rewinds of a record come back as they were, however it is read`, async (t) => {
    const journal = await openOwned(subject, t);
    t.deepEqual(told(await journal.run('run')), [undefined, undefined]);

    await journal.commit({ runId: 'run', link: 0, events: [output(1)], versions, rewinds: [automatic, byHand] });

    for (const found of await everywhere(journal)) t.deepEqual(found, [versions, [automatic, byHand]]);
  });

  test(`${name}: later versions and rewinds stand for those before, and commits without any leave them`, async (t) => {
    const journal = await openOwned(subject, t);
    await journal.commit({ runId: 'run', link: 0, events: [], versions: { scoring: 1 }, rewinds: [automatic] });

    await journal.commit({ runId: 'run', link: 0, events: [output(1)], status: { status: 'waiting', at: 2 } });
    t.deepEqual(told(await journal.run('run')), [{ scoring: 1 }, [automatic]]);
    await journal.commit({ runId: 'run', link: 0, events: [], versions });
    t.deepEqual(told(await journal.run('run')), [versions, [automatic]]);
    await journal.commit({ runId: 'run', link: 0, events: [], rewinds: [automatic, byHand] });

    for (const found of await everywhere(journal)) t.deepEqual(found, [versions, [automatic, byHand]]);
  });

  test(`${name}: the record that is heard of has what was written with its status`, async (t) => {
    const journal = await openOwned(subject, t);
    const heard: unknown[] = [];
    journal.subscribe((changes) => {
      for (const change of changes) if (change.type === 'run') heard.push(told(change.run));
    });

    await journal.commit({ runId: 'run', link: 0, events: [], versions, status: { status: 'running', at: 2 } });
    await journal.commit({
      runId: 'run',
      link: 0,
      events: [],
      rewinds: [byHand],
      status: { status: 'waiting', at: 3 },
    });

    t.deepEqual(heard, [
      [versions, undefined],
      [versions, [byHand]],
    ]);
  });

  test(`${name}: a fork has the versions and rewinds of what it copies, and no later ones`, async (t) => {
    const journal = await openOwned(subject, t);
    const events = [
      chosen(1, 'scoring', 3),
      { type: 'run-retried', seq: 2, batch: 2, epoch: 0, at: 1, index: 1 } as const,
      chosen(3, 'late', 1),
      { type: 'run-rewound', seq: 4, batch: 4, epoch: 1, at: 1, index: 2 } as const,
    ];
    await journal.commit({
      runId: 'run',
      link: 0,
      events,
      versions: { scoring: 3, late: 1 },
      rewinds: [automatic, byHand],
    });

    const forkAt = async (to: number): Promise<unknown> => {
      const id = `fork at ${to}`;
      await journal.fork({ from: 'run', to, run: { id, version: 1, priority: 0, tags: {}, createdAt: 5 } });
      return told(await journal.run(id));
    };

    t.deepEqual(await forkAt(0), [undefined, undefined]);
    t.deepEqual(await forkAt(2), [{ scoring: 3 }, [automatic]]);
    t.deepEqual(await forkAt(4), [{ scoring: 3, late: 1 }, [automatic, byHand]]);
  });

  test(`${name}: a fork of a link from which the run has gone on copies nothing`, async (t) => {
    const journal = await openOwned(subject, t);
    await journal.commit({ runId: 'run', link: 0, events: [output(1), output(2)] });
    const fork = (id: string, link?: number): Promise<unknown> =>
      journal.fork({
        from: 'run',
        to: 2,
        ...(link === undefined ? {} : { link }),
        run: { id, version: 1, priority: 0, tags: {}, createdAt: 5 },
      });
    await fork('early', 0);
    const continued = { type: 'run-continued', seq: 3, batch: 3, epoch: 0, at: 1, payload: '2' } as const;
    await journal.commit({ runId: 'run', link: 0, events: [continued], next: { input: '2', at: 1, version: 1 } });

    await t.throwsAsync(fork('late', 0), { code: 'INVALID_ARGUMENT', message: /gone on from link 0/ });

    t.is(await journal.run('late'), undefined);
    t.is((await journal.events('early', 0, 0, 9)).length, 4);
    t.like(await fork('early', 0), { created: false });
  });

  test(`${name}: a fork within a commit has the version that this commit chooses, for it is not past that place`, async (t) => {
    const journal = await openOwned(subject, t);
    const events = [output(1), { ...chosen(2, 'scoring', 3), batch: 1 }, chosen(3, 'late', 1)];
    await journal.commit({ runId: 'run', link: 0, events, versions: { scoring: 3, late: 1 } });

    await journal.fork({ from: 'run', to: 1, run: { id: 'fork', version: 1, priority: 0, tags: {}, createdAt: 5 } });

    t.deepEqual((await journal.run('fork'))?.versions, { scoring: 3 });

    const again = { version: 1, priority: 0, tags: {}, createdAt: 6 };
    await journal.fork({ from: 'fork', to: 0, run: { ...again, id: 'of what was copied' } });
    await journal.fork({ from: 'fork', to: 2, run: { ...again, id: 'of all' } });
    t.deepEqual((await journal.run('of what was copied'))?.versions, { scoring: 3 });
    t.deepEqual((await journal.run('of all'))?.versions, { scoring: 3 });
  });

  if (subject.openTwo) {
    const { openTwo } = subject;
    test(`${name}: another worker finds the versions and rewinds of a run that it takes over`, async (t) => {
      const [journal, other] = await openTwo(t);
      await own(journal);
      await journal.start(newRun('run', { status: 'running' }));
      await journal.commit({ runId: 'run', link: 0, events: [], versions, rewinds: [byHand] });
      await journal.release();
      await own(other);

      const claimed = await other.claim({ now: 1, workflows: [{ name: 'order', version: 1 }], limit: 10 });

      t.deepEqual(claimed.map(told), [[versions, [byHand]]]);
    });
  }
};
