import type { Codec } from '../values/codec.js';

/** A named kind of message that a run can wait for. Made by `defineSignal`. */
export interface SignalDefinition<P> {
  readonly name: string;
  readonly codec: Codec<P>;
}
