import type { Subscriber } from 'rxjs';
import type { Codec } from '../values/codec.js';
import type { RunContext } from '../run/context.js';
import { unreadable } from '../run/divergence.js';

/** Decodes a recorded value and hands it on; one that no longer fits its codec blocks the run instead of failing it. */
export const emitRecorded = <V>(
  run: RunContext,
  what: string,
  codec: Codec<V>,
  payload: string,
  subscriber: Pick<Subscriber<V>, 'next'>,
): void => {
  let value: V;
  try {
    value = codec.decode(payload);
  } catch (error) {
    run.block(unreadable(what, error));
    return;
  }
  subscriber.next(value);
};
