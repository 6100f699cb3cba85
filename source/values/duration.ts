import parse from 'parse-duration';
import { ValueError } from '../errors.js';

/** A length of time: milliseconds, or a text such as `'7 days'`, `'1h 30m'`, `'250ms'`. */
export type Duration = number | string;

/** Numbers with a unit each: the parser itself would take a bare number for milliseconds and pass over what it does not know. */
const form = /^\s*(?:\d+(?:\.\d+)?\s*[a-zµμ]+[\s,]*(?:and\s+)?)+$/i;

/**
 * The milliseconds of a duration. Error: `INVALID_ARGUMENT` for what is none.
 *
 * @example
 * timeout({ first: duration('7 days') })
 */
export const duration = (value: Duration, what = 'duration'): number => {
  const ms = typeof value === 'string' ? (form.test(value) ? parse(value) : null) : value;
  if (typeof ms === 'number' && Number.isFinite(ms) && ms >= 0) return ms;
  throw new ValueError(
    'INVALID_ARGUMENT',
    `${what} is milliseconds from 0 on or a text like '7 days', '1h 30m', '250ms', not ${shown(value)}`,
  );
};

const shown = (value: unknown): string => (typeof value === 'string' ? `'${value}'` : String(value));
