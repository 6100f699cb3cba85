import type { Claim, Journal } from '../journal.js';
import type { PoolFile } from './catalogue.js';

/** How large a file is. */
export interface FileSize {
  /** Whether there is no run in it. */
  readonly isEmpty: boolean;
  readonly pages: number;
  /** Of its pages and of its WAL. */
  readonly bytes: number;
}

/** What a claim would take: the more urgent comes first. */
export interface Urgency {
  readonly priority: number;
  readonly wakeAt?: number;
}

/** Whether anything can still happen in a file by itself, and the position of its last event. */
export interface Rest {
  readonly isQuiet: boolean;
  readonly last: number;
}

/** One database of a pool. */
export interface Member {
  readonly journal: Journal;
  size(): Promise<FileSize>;
  rest(): Promise<Rest>;
  /** What the claim would take here. */
  waiting(claim: Claim, worker: string | undefined): Promise<readonly Urgency[]>;
  close(): Promise<void>;
}

/** Where the databases of a pool come from. */
export interface Opener {
  /**
   * Makes a database ready to be used: its schema, and its strand if its number is known. One that is ready is left as it is. Without a number it
   * must be empty: it is to join the pool.
   */
  create(file: { readonly number?: number; readonly location: string }): Promise<void>;
  /** Opens one that is in the catalogue. It is never created anew: a lost file is an error. */
  open(file: PoolFile): Promise<Member>;
}
