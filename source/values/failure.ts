import { inspect, types } from 'node:util';
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

/** The thrown thing itself, unless it is a proxy: merely asking what that is runs code that may throw. */
export const readable = (thrown: unknown): unknown => (types.isProxy(thrown) ? describe(thrown) : thrown);

/** What a thrown thing says of itself, whatever it is. */
export const messageOf = (thrown: unknown): string => {
  try {
    return thrown instanceof Error ? thrown.message : typeof thrown === 'string' ? thrown : inspected(thrown);
  } catch {
    return unreadable;
  }
};

/** Characters of a description. */
const longest = 500;
const unreadable = 'it cannot even be looked at';

/** A thrown thing may be a proxy, or have getters and an `inspect` of its own that throw. */
const inspected = (thrown: unknown): string => {
  try {
    return inspect(thrown, { depth: 1 }).slice(0, longest);
  } catch {
    return unreadable;
  }
};

/** An Error that describes a thrown thing that cannot be written down. */
const describe = (thrown: unknown): Error =>
  new Error(`a ${typeof thrown} was thrown that cannot be written down: ${inspected(thrown)}`);
