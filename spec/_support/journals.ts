import type { ExecutionContext } from 'ava';
import type { PositionedEvent, RunEvent } from '../../source/journal/event.js';
import type { Journal, News, Worker } from '../../source/journal/journal.js';
import type { NewRun } from '../../source/journal/run-record.js';
import { startOf, strandsOf } from '../../source/journal/strands.js';
import { newId } from '../../source/values/ids.js';

/** A driver under test. */
export interface Subject {
  /** Stands before each title. */
  readonly name: string;
  /** A database of this test's own, closed when it is over. */
  readonly open: (t: ExecutionContext) => Promise<Journal>;
  /** Two handles on one database, where the driver can have that. */
  readonly openTwo?: (t: ExecutionContext) => Promise<readonly [Journal, Journal]>;
  /** Of a pool: whether runs are in files of their own. There is no order of commits of one and those of another then. */
  readonly pool?: 'one file' | 'many files';
}

export const leaseMs = 60_000;

/** Makes a worker of it. Ids are unique in a process, over all its databases. A lease of 0 ms is over at once. */
export const own = (journal: Journal, name = 'worker', lease = leaseMs): Promise<Worker> =>
  journal.acquire({ id: `${name}-${newId()}`, leaseMs: lease });

export const newRun = (id: string, changes: Partial<NewRun> = {}): NewRun => ({
  id,
  workflow: 'order',
  version: 1,
  status: 'pending',
  priority: 0,
  tags: {},
  inputDigest: 'digest',
  createdAt: 1,
  input: '{"total":12.5}',
  ...changes,
});

/** An output: the simplest event that a run appends. */
export const output = (
  seq: number,
  changes: Partial<{ at: number; payload: string; batch: number }> = {},
): RunEvent => ({
  type: 'output-emitted',
  seq,
  batch: seq,
  epoch: 0,
  at: 1,
  index: seq - 1,
  digest: 'd',
  payload: String(seq),
  ...changes,
});

/** A database with one run in it that may be appended to. */
export const openOwned = async (subject: Subject, t: ExecutionContext, id = 'run'): Promise<Journal> => {
  const journal = await subject.open(t);
  await own(journal);
  await journal.start(newRun(id));
  await journal.claimRun(id);
  return journal;
};

export const seqsOf = async (journal: Journal, id = 'run', link = 0): Promise<readonly number[]> =>
  (await journal.events(id, link, 0, 10_000)).map(({ seq }) => seq);

/** All events, strand by strand. */
export const tailOf = async (journal: Journal): Promise<readonly PositionedEvent[]> => {
  const events: PositionedEvent[] = [];
  for (const strand of await strandsOf(journal, 'all')) events.push(...(await journal.tail(startOf(strand), 1000)));
  return events;
};

/** All news, strand by strand. */
export const newsOf = async (journal: Journal, limit: number): Promise<readonly News[]> => {
  const news: News[] = [];
  for (const strand of await strandsOf(journal, 'busy')) news.push(...(await journal.news(startOf(strand), limit)));
  return news;
};
