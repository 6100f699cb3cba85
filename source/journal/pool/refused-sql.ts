import { JournalError } from '../../errors.js';
import { encodeFailure } from '../../values/failure.js';
import type { RunCommit } from '../journal.js';

/** A user's tables would have to be in the file of each run. */
export const noSqlOnAPool = (): JournalError =>
  new JournalError(
    'NOT_ON_A_POOL',
    'SQL of your own (transaction, start with) needs your tables in the file of the run, and a pool has many files. Nothing was written: ' +
      'open the database with Tempolite.open, or write to your tables in an activity',
  );

/** The commit without the user's statements: their events say that they were refused, so that the pipeline hears of it. */
export const withoutSql = ({ transactions, ...commit }: RunCommit): RunCommit => {
  const refused = new Set(transactions?.map(({ seq }) => seq));
  const events = commit.events.map((event) =>
    refused.has(event.seq) && event.type === 'transaction-committed'
      ? { ...event, type: 'transaction-failed' as const, payload: encodeFailure(noSqlOnAPool()) }
      : event,
  );
  return { ...commit, events };
};
