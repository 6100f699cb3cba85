import { JournalError } from '../../../errors.js';
import { mostStrands, startOf, strandOf } from '../../strands.js';
import type { Connection } from '../connection.js';
import * as sql from './pool-statements.js';

const numbered = ['tempolite_events', 'tempolite_inbox'];

/**
 * Makes the rows of a database count in a strand. AUTOINCREMENT goes on from what its own table says, so that nothing has to be translated:
 * the file is one like any other. Only an empty one can be given another strand.
 */
export const numberFrom = (connection: Connection, strand: number, location: string): void => {
  if (strand < 1 || strand >= mostStrands) {
    throw new JournalError(
      'JOURNAL_FAILED',
      `a pool has room for ${mostStrands - 1} databases over all its time, and this one is full`,
    );
  }
  connection.transaction(() => {
    for (const table of numbered) number(connection, table, strand, location);
  });
};

const number = (connection: Connection, table: string, strand: number, location: string): void => {
  const last = connection.all(sql.sequence, [table])[0]?.[0];
  if (typeof last === 'number' && strandOf(last) === strand) return;
  if (connection.all(sql.hasRows(table))[0]?.[0] === 1) {
    throw new JournalError(
      'NOT_ON_A_POOL',
      `"${location}" has runs that were not started on this pool. Nothing was changed: give the pool an empty database, or its own catalogue`,
    );
  }
  connection.run(sql.dropSequence, [table]);
  connection.run(sql.setSequence, [table, BigInt(startOf(strand))]);
};
