import type * as t from 'io-ts';
import { codecOf } from '../values/io-ts-codec.js';
import type { SignalDefinition } from '../run/signal.js';
import { checkName } from './activity-definition.js';

/**
 * Names a kind of message that runs can wait for, and the type of its payload. The codec checks payloads when they are sent.
 *
 * @example
 * const approval = defineSignal('approval', t.boolean);
 */
export const defineSignal = <P = void>(name: string, codec?: t.Type<P, unknown>): SignalDefinition<P> => {
  checkName('signal', name);
  return { name, codec: codecOf(codec) };
};
