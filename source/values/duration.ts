import parse from 'parse-duration';
import { ValueError } from '../errors.js';

/** A length of time: milliseconds, or a text such as `'7 days'`, `'1h 30m'`, `'250ms'`. */
export type Duration = number | string;

/** Numbers with a unit each: the parser itself would take a bare number for milliseconds. */
const form = /^\s*(?:\d+(?:\.\d+)?\s*[a-zµμ]+[\s,]*(?:and\s+)?)+$/i;
const part = /\d+(?:\.\d+)?\s*[a-zµμ]+/gi;

/**
 * The milliseconds of a duration. Error: `INVALID_ARGUMENT` for what is none.
 *
 * @example
 * timeout({ first: duration('7 days') })
 */
export const duration = (value: Duration, what = 'duration'): number => {
  const ms = typeof value === 'string' ? sumOf(value) : value;
  if (typeof ms === 'number' && Number.isFinite(ms) && ms >= 0) return ms;
  throw new ValueError(
    'INVALID_ARGUMENT',
    `${what} is milliseconds from 0 on or a text like '7 days', '1h 30m', '250ms', not ${shown(value)}`,
  );
};

/** Part by part: of several, the parser passes over those that it does not know. */
const sumOf = (text: string): number =>
  form.test(text) ? (text.match(part) ?? []).reduce((sum, each) => sum + (parse(each) ?? NaN), 0) : NaN;

const shown = (value: unknown): string => (typeof value === 'string' ? `'${value}'` : String(value));
