import { setTimeout } from 'node:timers/promises';
import type { SqlStreamOptions } from './sql-stream.js';

export interface Settings extends SqlStreamOptions {
  /** What `Authorization: Bearer` has to be. Default: nobody is asked. */
  readonly token?: string;
  /** A stream that nothing is asked of is dropped after so long. */
  readonly streamIdleMs: number;
  /** The way there and back takes so much longer. */
  readonly latencyMs: number;
}

export const defaults: Settings = { busyMs: 5000, transactionMs: 5000, streamIdleMs: 10_000, latencyMs: 0 };

/** The server is a real one, on a real clock. */
export const pause = async (ms: number): Promise<void> => {
  if (ms > 0) await setTimeout(ms);
};
