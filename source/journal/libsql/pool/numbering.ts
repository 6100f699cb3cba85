import { JournalError } from '../../../errors.js';
import { mostStrands, startOf, strandOf } from '../../strands.js';
import * as sql from './pool-statements.js';
import type { Probe } from './probe.js';

const numbered = ['tempolite_events', 'tempolite_inbox'];

/**
 * Makes the rows of a database count in a strand. AUTOINCREMENT goes on from what its own table says, so that nothing has to be translated: the
 * database is one like any other. Only an empty one can be given another strand. It may be done twice, also by several at once.
 */
export const numberFrom = async (probe: Probe, strand: number, location: string): Promise<void> => {
  if (strand >= mostStrands) {
    throw new JournalError('JOURNAL_FAILED', `a pool has room for ${mostStrands - 1} databases over all its time`);
  }
  for (const table of numbered) {
    await probe.rows(sql.beginSequence, table, BigInt(startOf(strand)), table);
    await probe.rows(sql.moveSequence(table), BigInt(startOf(strand)), table);
    const [row] = await probe.rows(sql.sequence, table);
    if (strandOf(Number(row?.[0])) !== strand) throw ofNoPool(location);
  }
};

/** One that is to join a pool. */
export const checkEmpty = async (probe: Probe, location: string): Promise<void> => {
  const [row] = await probe.rows(sql.hasRuns);
  if (row?.[0] === 1) throw ofNoPool(location);
};

const ofNoPool = (location: string): JournalError =>
  new JournalError(
    'NOT_ON_A_POOL',
    `"${location}" has runs that were not started on this pool. Nothing was changed: give the pool an empty database, or its own catalogue`,
  );
