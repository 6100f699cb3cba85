import { createClient } from '@libsql/client';
import test, { type ExecutionContext } from 'ava';
import { openJournal, type JournalOptions } from '../../source/journal/libsql/open-journal.js';
import type { Fault } from './hrana/faults.js';
import { hrana } from './hrana/open.js';
import type { HranaServer } from './hrana/server.js';
import { deeds } from './remote-deeds.js';

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

/** Faults that are noticed when the time is up. Each takes as long as that. */
const slow: readonly string[] = ['hang', 'answer-late', 'execute-late'];

/** Not every fault is tried at each request, but each request meets several faults. */
const strides = { slow: 12, quick: 3 };

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

/** Requests that all deeds make, at least. */
const requestsAtLeast = 20;

/** Tests, one for each fault: what is written and answered is as it is without it. */
export const sweepFaults = (by: Protocol): void => {
  faults.forEach((fault, offset) => {
    test.serial(
      `${by}: nothing is written twice and nothing is lost when one request meets ${JSON.stringify(fault)}`,
      async (t) => {
        t.timeout(240_000);
        const expected = await performed(t, by);
        t.false(expected.met);

        const stride = slow.includes(fault.do) ? strides.slow : strides.quick;
        let place = offset % stride;
        for (; ; place += stride) {
          const { met, ...rest } = await performed(t, by, fault, place);
          if (!met) break;
          t.deepEqual(rest.outcomes, expected.outcomes, `request ${place}`);
          t.deepEqual(rest.stored, expected.stored, `request ${place}`);
        }

        t.true(place > requestsAtLeast, `${place} requests were made`);
      },
    );
  });
};

/** The same fault at each request, with these options: what is answered is as it is without it. */
export const meetEverywhere = async (
  t: ExecutionContext,
  fault: Fault,
  options: () => JournalOptions,
): Promise<void> => {
  const expected = await performed(t, 'http', undefined, 0, options());

  let place = 0;
  for (; ; place += 1) {
    const { met, outcomes } = await performed(t, 'http', fault, place, options());
    if (!met) break;
    t.deepEqual(outcomes, expected.outcomes, `request ${place}`);
  }

  t.true(place > requestsAtLeast, `${place} requests were made`);
};
