import { Observable } from 'rxjs';
import { CatchUp } from '../journal/catch-up.js';
import type { Change, Journal } from '../journal/journal.js';

export type Emit<V> = (place: number, value: V) => void;

/** Something that is watched. Each value has a place; places only grow. */
export interface Watched<V> {
  /** What is behind this place is wanted; default: all. */
  readonly from?: number;
  /** Reads what is stored behind a place. */
  read(seen: number, emit: Emit<V>, isClosed: () => boolean): Promise<void>;
  /** Turns a change into values. */
  take(change: Change, emit: Emit<V>): void;
  /** Whether nothing can lie between two places. Where something can, what is stored is read again. */
  follows(seen: number, place: number): boolean;
}

/**
 * What is stored, then what comes, with no gap and no double: it listens first, reads second, and drops from the live part what it has
 * read. When others have written, or a live value does not follow on the last one, it reads on from there before it goes live again.
 */
export const storedThenLive = <V>(journal: Journal, watched: Watched<V>): Observable<V> =>
  new Observable<V>((subscriber) => {
    let seen = watched.from ?? -Infinity;
    let early: Change[] | undefined = [];
    const emit: Emit<V> = (place, value) => {
      if (place <= seen) return;
      seen = place;
      subscriber.next(value);
    };
    const emitNext: Emit<V> = (place, value) => {
      if (place <= seen) return;
      if (watched.follows(seen, place)) emit(place, value);
      else catchUp.ask();
    };
    const catchUp = new CatchUp(
      async () => {
        early = [];
        await watched.read(seen, emit, () => subscriber.closed);
        const missed = early;
        early = undefined;
        for (const change of missed) watched.take(change, emitNext);
      },
      (error) => {
        subscriber.error(error);
      },
    );
    const stop = journal.subscribe((changes) => {
      for (const change of changes) {
        if (change.type === 'foreign') catchUp.ask();
        else if (early) early.push(change);
        else watched.take(change, emitNext);
      }
    });
    catchUp.ask();
    return () => {
      stop();
      catchUp.stop();
    };
  });
