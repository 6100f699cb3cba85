import { randomBytes } from 'node:crypto';
import { v7 } from 'uuid';

/** A new id; ids sort by the time at which they were made (UUID version 7, RFC 9562). */
export const newId = (): string => v7();

/** An id of a worker: 96 random bits in 16 characters, for it stands in the row of each of its runs, and once more in an index. */
export const newWorkerId = (): string => randomBytes(12).toString('base64url');
