import type { Worker } from '../journal.js';

/** A database of a pool, as the catalogue knows it. */
export interface PoolFile {
  /** Its strand; from 1 on, in the order in which they were entered. */
  readonly number: number;
  /** The name of a file in the folder of the pool, the url of a shard. */
  readonly location: string;
  /** `finished`: every run in it has ended, and nothing happens before somebody holds it again. */
  readonly state: 'open' | 'finished';
  /** When somebody last said that he was about to write, ms since 1970. */
  readonly heldAt: number;
  /** The position of its last event, once it is finished. */
  readonly last: number | undefined;
}

/**
 * What all processes of a pool agree on. The route of an id is written before its run is, and never changes: so a run is in one file at
 * most, whoever starts it, how often, and whoever dies in between. A file is held before it is written to, and finished only when it has not been held
 * for a while: so no writer meets a finished file without others hearing of it.
 */
export interface Catalogue {
  files(): Promise<readonly PoolFile[]>;
  /** Enters the next file; `false` when another process was faster, or it is there already. */
  enter(file: Pick<PoolFile, 'number' | 'location'>, now: number): Promise<boolean>;
  /** The file that an id belongs to. */
  find(id: string): Promise<number | undefined>;
  /**
   * Gives ids that have no file this one, or the newest one, which is held by it; answers with the file of each. Of what is asked for at once, all
   * or nothing.
   */
  place(ids: readonly string[], file: number | 'newest', now: number): Promise<readonly number[]>;
  /** Keeps a file from being finished, or brings it back. */
  hold(number: number, now: number): Promise<void>;
  /** Finishes a file that was not held since it was read, and is not the newest; answers whether it did. */
  finish(file: PoolFile, last: number): Promise<boolean>;
  /** The worker is one of the pool; its fence is the pool's. */
  acquire(worker: { readonly id: string; readonly leaseMs: number }): Promise<Worker>;
  renew(leaseMs: number): Promise<void>;
  release(): Promise<void>;
  expire(): Promise<boolean>;
  /** Another one when other processes have written. */
  version(): Promise<unknown>;
  /** Calls back when other processes have written. */
  watch(listener: () => void): void;
  close(): Promise<void>;
}
