import { hostname } from 'node:os';
import type { Claim, Worker } from '../../journal.js';
import type { RunRecord } from '../../run-record.js';
import { wanted } from '../claims.js';
import { fencedOut } from '../ownership.js';
import * as shared from '../statements.js';
import type { Entry } from './entry.js';
import { remoteError } from './fate.js';
import { query, type Query } from './query.js';
import type { RemoteReader } from './remote-reader.js';
import * as sql from './remote-statements.js';

const instead = (error: unknown): Promise<never> => Promise.reject(remoteError(error));

/** Becomes a worker; the one that the journal was before is gone then. */
export const acquireEntry = (
  id: string,
  leaseMs: number,
  before: Worker | undefined,
  reader: RemoteReader,
): Entry<Worker> => {
  const queries = [
    ...(before ? removal(before.id) : []),
    query(shared.nextFence),
    query(sql.insertWorker, id, hostname(), BigInt(process.pid), BigInt(leaseMs)),
  ];
  return {
    queries,
    runs: [],
    answer: (all) => ({ value: { id, fence: Number(all.at(-1)?.[0]?.[0]) }, changes: [] }),
    instead,
    again: async () => ({ id, fence: Number((await reader.rows(query(sql.fenceOf, id)))[0]?.[0]) }),
  };
};

const removal = (id: string): readonly Query[] => [query(shared.deleteWorker, id), query(shared.freeRuns, id)];

export const renewEntry = ({ id, fence }: Worker, leaseMs: number): Entry<void> => ({
  queries: [query(sql.renewWorker, BigInt(leaseMs), id, BigInt(fence))],
  runs: [],
  repeatable: true,
  answer: (all) => {
    if (!all[0]?.[0]) throw fencedOut();
    return { value: undefined, changes: [] };
  },
  instead,
  // Nobody asks: it is simply done again.
  again: () => Promise.resolve(),
});

export const releaseEntry = ({ id }: Worker): Entry<void> => ({
  queries: removal(id),
  runs: [],
  answer: () => ({ value: undefined, changes: [] }),
  instead,
  again: () => Promise.resolve(),
});

/** A worker that has shown a sign of life since it was looked at is left alone. */
export const expireEntry = (id: string, leaseUntil: number): Entry<void> => ({
  queries: [query(shared.expireWorker, id, BigInt(leaseUntil)), query(sql.freeRunsOfGone, id)],
  runs: [],
  answer: () => ({ value: undefined, changes: [] }),
  instead,
  again: () => Promise.resolve(),
});

/** It is alone in its batch: the mark has room for one list. */
export const claimEntry = (claim: Claim, worker: Worker, reader: RemoteReader): Entry<readonly RunRecord[]> => {
  const queriesOf = (writer: string): readonly Query[] => [
    query(sql.chooseClaimed(shared.unclaimed), ...wanted(claim, worker.id), writer),
    query(sql.takeClaimed, worker.id, writer),
    query(sql.readTaken, writer),
  ];
  return {
    queries: queriesOf(''),
    forWriter: queriesOf,
    runs: [],
    alone: true,
    answer: (all) => ({ value: (all[2] ?? []).map(reader.decode.run), changes: [] }),
    instead,
    again: async ({ claimed }) => (await reader.rows(query(sql.readClaimed, claimed ?? '[]'))).map(reader.decode.run),
  };
};

export const claimRunEntry = (runId: string, worker: Worker, reader: RemoteReader): Entry<RunRecord | undefined> => ({
  queries: [query(sql.claimRun, worker.id, runId, worker.id)],
  runs: [runId],
  answer: (all) => ({ value: all[0]?.map(reader.decode.run)[0], changes: [] }),
  instead,
  again: async () => {
    const run = await reader.run(runId);
    return run?.worker === worker.id ? run : undefined;
  },
});
