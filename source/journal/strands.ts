import type { Journal } from './journal.js';

/**
 * Events and letters of one database are numbered in one strand, from 0 on. Each file of a pool has a strand of its own, so that a number
 * means one row of the whole pool and tells which file it is in. 2^53 of them leave room for 131,072 files with 68 billion rows each.
 */
const placesPerStrand = 2 ** 36;

/** Files of a pool, over all its time. */
export const mostStrands = 2 ** 53 / placesPerStrand;

/** Which file of a pool the position of an event is in, or the id of a letter; 0 where there is no pool. */
export const strandOf = (place: number): number => Math.floor(place / placesPerStrand);

/** Nothing has this number: the first row of the strand is the next one. */
export const startOf = (strand: number): number => strand * placesPerStrand;

/** All strands, or those in which something may happen. */
export const strandsOf = (journal: Journal, which: 'all' | 'busy'): Promise<readonly number[]> =>
  journal.strands?.(which) ?? Promise.resolve([0]);
