import { Observable } from 'rxjs';
import type { Change, Journal } from '../journal/journal.js';

/**
 * What is stored, then what comes, with no gap and no double: it listens first, reads second, and drops from the live part what
 * it has read. `take` turns a change into values with their place; places only grow.
 */
export const storedThenLive = <V>(
  journal: Journal,
  read: (emit: (place: number, value: V) => void, isClosed: () => boolean) => Promise<void>,
  take: (change: Change, emit: (place: number, value: V) => void) => void,
): Observable<V> =>
  new Observable<V>((subscriber) => {
    let seen = -Infinity;
    let early: Change[] | undefined = [];
    const emit = (place: number, value: V): void => {
      if (place <= seen) return;
      seen = place;
      subscriber.next(value);
    };
    const stop = journal.subscribe((changes) => {
      for (const change of changes) {
        if (early) early.push(change);
        else take(change, emit);
      }
    });
    read(emit, () => subscriber.closed).then(
      () => {
        const missed = early ?? [];
        early = undefined;
        for (const change of missed) take(change, emit);
      },
      (error: unknown) => {
        subscriber.error(error);
      },
    );
    return stop;
  });
