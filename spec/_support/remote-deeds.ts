import type { Journal } from '../../source/journal/journal.js';
import { newRun, output } from './journals.js';

/** What became of one thing that was asked for. */
type Outcome = readonly [what: string, outcome: unknown];

/** Values, and codes of errors. */
const settled = async (asked: readonly Promise<unknown>[]): Promise<readonly unknown[]> =>
  (await Promise.allSettled(asked)).map((one) =>
    one.status === 'fulfilled' ? one.value : (one.reason as { code: string }).code,
  );

/** Everything that can be asked of a journal that writes, one after the other, always the same. */
export const deeds = async (journal: Journal): Promise<readonly Outcome[]> => {
  const outcomes: Outcome[] = [];
  const ask = async <T>(what: string, act: () => Promise<T>): Promise<T | undefined> => {
    try {
      const value = await act();
      outcomes.push([what, value]);
      return value;
    } catch (error) {
      outcomes.push([what, (error as { code?: unknown }).code ?? String(error)]);
      return undefined;
    }
  };
  const leaseMs = 3_600_000;
  await ask('acquire', () => journal.acquire({ id: 'first', leaseMs }));
  await ask('acquire again', () => journal.acquire({ id: 'worker', leaseMs }));
  await ask('start', () => journal.start(newRun('run', { status: 'running' })));
  await ask('start again', () => journal.start(newRun('run', { input: '"other"' })));
  await ask('start with', () =>
    journal.start(newRun('with'), [
      { sql: 'CREATE TABLE mine (id INTEGER PRIMARY KEY, x TEXT NOT NULL)' },
      { sql: 'INSERT INTO mine (x) VALUES (?)', args: ['of the start'] },
    ]),
  );
  await ask('start with what is refused', () =>
    journal.start(newRun('refused'), [{ sql: 'INSERT INTO mine (x) VALUES (NULL)' }]),
  );
  await ask('commit', () =>
    journal.commit({
      runId: 'run',
      link: 0,
      events: [output(1), output(2)],
      children: [newRun('child', { parent: { runId: 'run', key: 'child:order#0' }, onClose: 'cancel' })],
      exposed: [{ name: 'progress', payload: '1', at: 3 }],
      versions: { change: 1 },
    }),
  );
  await ask('commit of a child', () => journal.commit({ runId: 'child', link: 0, events: [output(1)] }));
  await ask('commit of a seq that is taken', () => journal.commit({ runId: 'run', link: 0, events: [output(2)] }));
  const signalled = await ask('signal', () => journal.signal({ runId: 'run', name: 's', payload: '1', at: 4 }));
  await ask('the same signal once more', () => journal.signal({ runId: 'run', name: 's', payload: '1', at: 4 }));
  const keyed = { runId: 'run', name: 's', payload: '2', at: 4, idempotencyKey: 'k' };
  await ask('signal with a key', () => journal.signal(keyed));
  await ask('signal with the same key', () => journal.signal(keyed));
  await ask('signal to nobody', () => journal.signal({ ...keyed, runId: 'nobody' }));
  await ask('request', () => journal.request({ runId: 'run', name: 'pause', payload: '{}', at: 5 }, ['running']));
  await ask('request that comes too late', () =>
    journal.request({ runId: 'run', name: 'resume', payload: '{}', at: 5 }, ['paused']),
  );
  await ask('consume', () =>
    journal.commit({ runId: 'run', link: 0, events: [output(3)], consumed: [signalled?.signal.id ?? -1] }),
  );
  await ask('transaction', () =>
    journal.commit({
      runId: 'run',
      link: 0,
      events: [
        { type: 'transaction-committed', seq: 4, batch: 4, epoch: 0, at: 6, key: 't#0', digest: 'd', payload: '' },
        { type: 'transaction-committed', seq: 5, batch: 4, epoch: 0, at: 6, key: 't#1', digest: 'd', payload: '' },
      ],
      transactions: [
        {
          seq: 4,
          maxResultBytes: 1000,
          statements: [
            { sql: 'INSERT INTO mine (x) VALUES (?) RETURNING id', args: ['of the run'] },
            { sql: 'SELECT count(*) AS n FROM mine' },
          ],
        },
        {
          seq: 5,
          maxResultBytes: 1000,
          statements: [{ sql: "INSERT INTO mine (x) VALUES ('lost'), (NULL)" }],
        },
      ],
    }),
  );
  await ask('fork', () =>
    journal.fork({ from: 'run', to: 2, run: { id: 'fork', version: 1, priority: 0, tags: {}, createdAt: 7 } }),
  );
  await ask('claim', () => journal.claim({ now: 10, workflows: [{ name: 'order', version: 1 }], limit: 10 }));
  await ask('claim of a run', () => journal.claimRun('run'));
  await ask('many at once, of which one is refused', () =>
    settled([
      journal.start(newRun('other')),
      journal.commit({ runId: 'run', link: 0, events: [output(6)], status: { status: 'waiting', at: 8, wakeAt: 99 } }),
      journal.commit({ runId: 'child', link: 0, events: [output(1)] }),
      journal.signal({ runId: 'other', name: 's', payload: '3', at: 8 }),
    ]),
  );
  await ask('several starts at once', () =>
    Promise.all(['one', 'two'].map((id) => journal.start(newRun(id, { status: 'running' })))),
  );
  await ask('commits of several runs at once, of which one is refused', () =>
    settled([
      journal.commit({ runId: 'one', link: 0, events: [output(1), output(2)] }),
      journal.commit({ runId: 'two', link: 0, events: [output(1)] }),
      journal.commit({ runId: 'one', link: 0, events: [output(2)] }),
      journal.commit({ runId: 'one', link: 0, events: [output(3)], status: { status: 'waiting', at: 8, wakeAt: 99 } }),
    ]),
  );
  await ask('continue as new', () =>
    journal.commit({
      runId: 'run',
      link: 0,
      events: [{ type: 'run-continued', seq: 7, batch: 7, epoch: 0, at: 9, payload: '"next"' }],
      next: { input: '"next"', at: 9, version: 1, unconsumed: [signalled?.signal.id ?? -1] },
      status: { status: 'running', at: 9 },
    }),
  );
  await ask('renew', () => journal.renew(leaseMs));
  await ask('end', () =>
    journal.commit({
      runId: 'child',
      link: 0,
      events: [{ type: 'run-completed', seq: 2, batch: 2, epoch: 0, at: 9 }],
      status: { status: 'completed', at: 9 },
    }),
  );
  await ask('release', () => journal.release());
  return outcomes;
};
