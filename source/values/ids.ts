import { v7 } from 'uuid';

/** A new id; ids sort by the time at which they were made (UUID version 7, RFC 9562). */
export const newId = (): string => v7();
