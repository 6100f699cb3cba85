import type { RunEvent } from '../../event.js';
import type { RunCommit } from '../../journal.js';
import { commitEntry, draftCommit, refusalOf, type Owner } from './commit-entry.js';
import type { Answer, Entry } from './entry.js';
import { query } from './query.js';
import type { RemoteReader } from './remote-reader.js';
import type { RemoteTransaction } from './remote-connection.js';
import * as sql from './remote-statements.js';
import { RemoteUserTransactions } from './remote-user-transactions.js';

/**
 * A commit with SQL of the user's own. Its events have what the statements gave, and so they have to be known before the events are
 * written: this commit alone is an interactive transaction, of three round trips and one more for each list of statements. The server takes
 * it away when it takes too long (sqld: 5 s) and another waits for it; then it is tried again.
 */
export const transactionEntry = (commit: RunCommit, owner: Owner, reader: RemoteReader): Entry<readonly RunEvent[]> => {
  const transactions = new RemoteUserTransactions();
  const { runId, link, events } = commit;
  const write = async (transaction: RemoteTransaction): Promise<Answer<readonly RunEvent[]>> => {
    const settled = await settledEvents(commit, transactions, transaction);
    const { draft } = draftCommit(commit, settled, owner, reader);
    const all = await transaction.batch(draft.queries);
    return { value: settled, changes: draft.changesOf(all.map(({ rows }) => rows)) };
  };
  return {
    ...commitEntry(commit, owner, reader),
    // Before anything of the user's is run.
    queries: [query(sql.proveOwner, runId, owner.worker.id)],
    alone: true,
    transact: write,
    another: (error) => transactions.refuse(commit.transactions ?? [], error),
    instead: async (error, place) => {
      throw await refusalOf(commit, owner.worker, error, place === 0, false, reader);
    },
    again: () => reader.events(runId, link, events[0]?.seq ?? 0, events.length),
  };
};

/** The events, with what came of the user's statements in the places that wait for it. */
const settledEvents = async (
  { events, transactions = [] }: RunCommit,
  outcomes: RemoteUserTransactions,
  transaction: RemoteTransaction,
): Promise<readonly RunEvent[]> => {
  const settled: RunEvent[] = [];
  const bySeq = new Map(transactions.map(({ seq, ...each }) => [seq, each]));
  for (const event of events) {
    const each = bySeq.get(event.seq);
    settled.push(
      each && event.type === 'transaction-committed'
        ? { ...event, ...(await outcomes.outcomeOf(each, transaction)) }
        : event,
    );
  }
  return settled;
};
