import { createClient } from '@libsql/client';
import test, { type ExecutionContext } from 'ava';
import { openJournal, type JournalOptions } from '../../../../source/journal/libsql/open-journal.js';
import type { Fault } from '../../../_support/hrana/faults.js';
import { hrana } from '../../../_support/hrana/open.js';
import type { HranaServer } from '../../../_support/hrana/server.js';
import { deeds } from '../../../_support/remote-deeds.js';
import { sealed } from '../../../_support/sealed.js';

type Protocol = 'http' | 'ws';

const tables: readonly string[] = [
  'SELECT * FROM tempolite_runs ORDER BY num',
  'SELECT * FROM tempolite_events ORDER BY position',
  'SELECT * FROM tempolite_inbox ORDER BY id',
  'SELECT * FROM tempolite_exposed ORDER BY run, name',
  'SELECT id, fence FROM tempolite_workers',
  'SELECT * FROM tempolite_fences',
  'SELECT * FROM mine ORDER BY id',
];

const stored = async (url: string): Promise<unknown> => {
  const client = createClient({ url });
  const results = await client.batch([...tables], 'read');
  client.close();
  return results.map(({ rows }) => rows.map((row) => ({ ...row })));
};

interface Performed {
  readonly outcomes: readonly unknown[];
  readonly stored: unknown;
  /** Whether the fault was met. */
  readonly met: boolean;
}

/** One lane, so that requests have an order. */
const options: JournalOptions = { batchesAtOnce: 1 };

/** Long enough for a request on a busy machine. */
const requestTimeoutMs = 2000;

/** All deeds, of which the request of this number meets a fault. */
const performed = async (
  t: ExecutionContext,
  by: Protocol,
  fault?: Fault,
  after = 0,
  more: JournalOptions = {},
): Promise<Performed> => {
  // A transaction whose client has lost it holds the lock for so long.
  const server: HranaServer = await hrana(t, { transactionMs: 100 });
  const isSlow = fault !== undefined && slow.includes(fault.do);
  const journal = await openJournal({ url: server[by], ...options, ...more, ...(isSlow ? { requestTimeoutMs } : {}) });
  if (fault) server.faults.plan(fault, { writes: true, after });
  const outcomes = await deeds(journal);
  await journal.close();
  // What comes late comes now.
  server.faults.release();
  const met = server.faults.met > 0;
  server.faults.clear();
  const result = { outcomes, stored: await stored(server.http), met };
  await server.close();
  return result;
};

/** Faults that are noticed when the time is up. Each takes as long as that, so that they are not tried at each place. */
const slow: readonly string[] = ['hang', 'answer-late', 'execute-late'];
const stride = 4;

const faults: readonly Fault[] = [
  { do: 'cut', when: 'before' },
  { do: 'cut', when: 'during' },
  { do: 'cut', when: 'after' },
  { do: 'fail', when: 'before' },
  { do: 'fail', when: 'after' },
  { do: 'hang', when: 'before' },
  { do: 'hang', when: 'after' },
  { do: 'answer-late', ms: 2500 },
  { do: 'execute-late' },
  { do: 'garble' },
  { do: 'busy' },
];

for (const by of ['http', 'ws'] as const) {
  for (const fault of faults) {
    test.serial(
      `${by}: nothing is written twice and nothing is lost when one request meets ${JSON.stringify(fault)}`,
      async (t) => {
        t.timeout(240_000);
        const expected = await performed(t, by);
        t.false(expected.met);

        let place = 0;
        for (; ; place += slow.includes(fault.do) ? stride : 1) {
          const { met, ...rest } = await performed(t, by, fault, place);
          if (!met) break;
          t.deepEqual(rest.outcomes, expected.outcomes, `request ${place}`);
          t.deepEqual(rest.stored, expected.stored, `request ${place}`);
        }

        t.true(place > 20, `${place} requests were tried`);
      },
    );
  }
}

test.serial('what was sealed is found again when its answer was lost', async (t) => {
  t.timeout(240_000);
  const expected = await performed(t, 'http', undefined, 0, sealed());

  let place = 0;
  for (; ; place += 1) {
    const { met, outcomes } = await performed(t, 'http', { do: 'cut', when: 'after' }, place, sealed());
    if (!met) break;
    t.deepEqual(outcomes, expected.outcomes, `request ${place}`);
  }

  t.true(place > 20, `${place} requests were tried`);
});
