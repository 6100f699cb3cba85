import type { Change, Worker } from '../../journal.js';
import type { Query, Rows } from './query.js';
import type { RemoteTransaction } from './remote-connection.js';

/** How far the database was when a batch began. */
export interface HighWater {
  /** The last position of an event. */
  readonly position: number;
  /** The last id in the inbox. */
  readonly letter: number;
  /** The runs that the batch has claimed, as JSON. */
  readonly claimed: string | null;
}

export interface Answer<T> {
  readonly value: T;
  readonly changes: readonly Change[];
}

/** One caller's part of a batch. */
export interface Entry<T> {
  readonly queries: readonly Query[];
  /** The same, where they have to know the row of their batch's mark. */
  forWriter?(writer: string): readonly Query[];
  /** The ids of runs that it writes to. */
  readonly runs: readonly string[];
  /** It goes by itself, with no other beside it. */
  readonly alone?: boolean;
  /** Writing it twice is writing it once, with the same answer: nobody asks whether it has been. */
  readonly repeatable?: boolean;
  /** Makes the answer of what the queries gave. What it throws, its caller gets: nothing was written then. */
  answer(rows: readonly Rows[]): Answer<T>;
  /** It cannot be said in one batch: it is written by an interactive transaction. */
  transact?(transaction: RemoteTransaction): Promise<Answer<T>>;
  /** It was refused at one of its queries (or at the COMMIT), and nothing of it is written. What its caller gets instead, or an error. */
  instead(error: unknown, place: number | undefined): Promise<T>;
  /** It was refused on its own. Answers whether it comes to something else when it is written again. */
  another?(error: unknown): boolean;
  /** It is written, but what it gave was lost on the way: the answer is read. */
  again(before: HighWater): Promise<T>;
}

/** An entry and who waits for it. */
export interface Waiting {
  readonly entry: Entry<unknown>;
  readonly resolve: (value: unknown) => void;
  readonly reject: (error: unknown) => void;
  /** Who writes it, where only a worker may. */
  readonly worker: Worker | undefined;
}
