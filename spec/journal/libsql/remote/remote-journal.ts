import { hrana } from '../../../_support/hrana/open.js';
import { newRun, output, own, seqsOf } from '../../../_support/journals.js';
import { openedAt } from '../../../_support/remote-journals.js';
import { sealed } from '../../../_support/sealed.js';
import { journalConformance } from '../../conformance/suite.js';
import test from 'ava';

journalConformance({
  name: 'sealed http',
  open: async (t) => openedAt(t, (await hrana(t)).http, sealed()),
  openTwo: async (t) => {
    const url = (await hrana(t)).http;
    return [await openedAt(t, url, sealed()), await openedAt(t, url, sealed())];
  },
});

for (const by of ['http', 'ws'] as const) {
  journalConformance({
    name: by,
    open: async (t) => openedAt(t, (await hrana(t))[by]),
    openTwo: async (t) => {
      const url = (await hrana(t))[by];
      return [await openedAt(t, url), await openedAt(t, url)];
    },
  });

  test(`${by}: what others write is noticed, one's own writing is not news`, async (t) => {
    const url = (await hrana(t))[by];
    const [mine, other] = [await openedAt(t, url, { pollMaxMs: 20 }), await openedAt(t, url)];
    let own = 0;
    let foreign = 0;
    const noticed = new Promise<void>((resolve) => {
      mine.subscribe((changes) => {
        for (const { type } of changes) {
          if (type !== 'foreign') own += 1;
          else foreign += 1;
          if (type === 'foreign') resolve();
        }
      });
    });

    await mine.start(newRun('mine'));
    t.is(own, 2);
    t.is(foreign, 0);
    await other.start(newRun('other'));
    await noticed;

    t.is((await mine.run('other'))?.id, 'other');
  });

  test(`${by}: what is asked for in one macrotask takes one round trip`, async (t) => {
    const server = await hrana(t);
    const journal = await openedAt(t, server[by]);
    await own(journal);
    await journal.start(newRun('run', { status: 'running' }));
    const before = server.faults.requests;

    await Promise.all([
      ...Array.from({ length: 50 }, (_, n) => journal.start(newRun(`run ${n}`))),
      journal.commit({ runId: 'run', link: 0, events: [output(1)] }),
      journal.commit({ runId: 'run', link: 0, events: [output(2)] }),
      journal.signal({ runId: 'run', name: 's', payload: '1', at: 1 }),
    ]);

    t.is(server.faults.requests - before, 1);
    t.deepEqual(await seqsOf(journal), [0, 1, 2]);
  });

  test(`${by}: what concerns one run is written in order, however many batches are on their way`, async (t) => {
    const journal = await openedAt(t, (await hrana(t))[by], { maxRowsPerCommit: 4, batchesAtOnce: 5 });
    await own(journal);
    await Promise.all(['a', 'b', 'c'].map((id) => journal.start(newRun(id, { status: 'running' }))));

    const commits = Array.from({ length: 20 }, (_, n) =>
      ['a', 'b', 'c'].map((runId) => journal.commit({ runId, link: 0, events: [output(n + 1)] })),
    ).flat();
    await Promise.all(commits);

    for (const id of ['a', 'b', 'c']) {
      t.deepEqual(
        await seqsOf(journal, id),
        Array.from({ length: 21 }, (_, seq) => seq),
      );
    }
  });
}

test('pages of large events are put together from several answers', async (t) => {
  const server = await hrana(t);
  const journal = await openedAt(t, server.http);
  await own(journal);
  await journal.start(newRun('run', { status: 'running' }));
  const payload = JSON.stringify('x'.repeat(400_000));
  const events = Array.from({ length: 6 }, (_, n) => output(n + 1, { payload }));
  for (const event of events) await journal.commit({ runId: 'run', link: 0, events: [event] });
  const before = server.faults.requests;

  t.deepEqual(await journal.events('run', 0, 1, 100), events);
  t.true(server.faults.requests - before > 1);
  t.deepEqual(await journal.events('run', 0, 1, 3), events.slice(0, 3));
});

test('a journal that was taken over from knows no run as executed here, and who waits for one is told to look', async (t) => {
  const { http: url } = await hrana(t);
  const rarely = { pollMinMs: 60_000, pollMaxMs: 60_000 };
  const [mine, other] = [await openedAt(t, url, rarely), await openedAt(t, url)];
  const told: string[] = [];
  // Its poll asks now, and then in a minute.
  mine.subscribe((changes) => told.push(...changes.map(({ type }) => type)));
  await own(mine, 'mine', 0);
  await mine.start(newRun('run', { status: 'running' }));
  t.true(mine.isRunningHere?.('run'));
  await own(other, 'other');
  await other.expire();
  await other.claimRun('run');
  await other.commit({ runId: 'run', link: 0, events: [], status: { status: 'terminated', at: 1 } });

  const before = told.length;
  await own(mine, 'mine again');

  t.deepEqual(told.slice(before), ['foreign']);
  t.false(mine.isRunningHere?.('run'));
});
