import { Observable } from 'rxjs';
import { CatchUp } from '../journal/catch-up.js';
import type { Change, Journal } from '../journal/journal.js';

type Emit<V> = (place: number, value: V) => void;

/** The last place of a strand that was seen. */
export type Seen = (strand: number) => number;

/** Something that is watched. Each value has a place; places only grow, within their strand if there are several. */
export interface Watched<V> {
  /** What is behind these places is wanted, of each strand one; default: all. */
  readonly from?: readonly number[];
  /** Default: all places are of strand 0. */
  strandOf?(place: number): number;
  /** Reads what is stored behind the places that were seen. */
  read(seen: Seen, emit: Emit<V>, isClosed: () => boolean): Promise<void>;
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
    const lasts = new Map<number, number>();
    const strandOf = (place: number): number => watched.strandOf?.(place) ?? 0;
    const seen: Seen = (strand) => lasts.get(strand) ?? -Infinity;
    for (const place of watched.from ?? []) lasts.set(strandOf(place), Math.max(place, seen(strandOf(place))));
    let early: Change[] | undefined = [];
    // From when a gap is known until it is read: what is live meanwhile is in what is read then.
    let isBehind = false;
    const fallBehind = (): void => {
      isBehind = true;
      catchUp.ask();
    };
    const emit: Emit<V> = (place, value) => {
      const strand = strandOf(place);
      if (place <= seen(strand)) return;
      lasts.set(strand, place);
      subscriber.next(value);
    };
    const emitNext: Emit<V> = (place, value) => {
      const last = seen(strandOf(place));
      if (place <= last || isBehind) return;
      if (watched.follows(last, place)) emit(place, value);
      else fallBehind();
    };
    const catchUp = new CatchUp(
      async () => {
        early = [];
        isBehind = false;
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
        if (change.type === 'foreign') fallBehind();
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
