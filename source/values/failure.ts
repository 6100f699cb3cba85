import { inspect } from 'node:util';
import { defaultCodec } from './codec.js';

/**
 * What a run or an activity failed with, as JSON text: an Error with its causes and own properties, or whatever was thrown (a
 * text, undefined, an object). It always succeeds: what cannot be written down is described.
 */
export const encodeFailure = (error: unknown): string => {
  try {
    return defaultCodec.encode(error);
  } catch {
    return defaultCodec.encode(describe(error));
  }
};

/** What was thrown. */
export const decodeFailure = (text: string): unknown => defaultCodec.decode(text);

/** Characters of a description. */
const longest = 500;

/** An Error that describes a thrown thing that cannot be written down. */
const describe = (thrown: unknown): Error =>
  new Error(
    `a ${typeof thrown} was thrown that cannot be written down: ${inspect(thrown, { depth: 1 }).slice(0, longest)}`,
  );
