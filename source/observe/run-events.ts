import { filter, map, mergeMap, takeWhile, type Observable } from 'rxjs';
import type { PositionedEvent, RunEvent } from '../journal/event.js';
import type { Journal } from '../journal/journal.js';
import { isTerminal } from '../journal/status.js';
import { startOf, strandOf, strandsOf } from '../journal/strands.js';
import type { Codec } from '../values/codec.js';
import { storedThenLive } from './stored-then-live.js';

/** Events that are read at once. */
const pageSize = 1000;

/** Places of one link; 2^53 of them leave room for eight million links. */
const placesPerLink = 2 ** 30;

/** Every event of a run, of all its links: first the stored ones, then the live ones; completes with the run. */
export const runEvents = (journal: Journal, runId: string): Observable<RunEvent> =>
  storedThenLive<RunEvent | undefined>(journal, {
    read: async (seenOf, emit, isClosed) => {
      const seen = seenOf(0);
      let [link, from] = seen < 0 ? [0, 0] : [Math.floor(seen / placesPerLink), (seen % placesPerLink) + 1];
      while (!isClosed()) {
        // The record is read before the events: a run that is at its end has written them all.
        const record = await journal.run(runId);
        if (!record) return;
        const page = await journal.events(runId, link, from, pageSize);
        for (const event of page) emit(link * placesPerLink + event.seq, event);
        from += page.length;
        if (page.length === pageSize) continue;
        if (link < record.link) [link, from] = [link + 1, 0];
        else {
          if (isTerminal(record.status)) emit(Infinity, undefined);
          return;
        }
      }
    },
    take: (change, emit) => {
      if (change.type === 'run' && change.run.id === runId && isTerminal(change.run.status)) emit(Infinity, undefined);
      if (change.type !== 'events') return;
      for (const { runId: id, link, event } of change.events) {
        if (id === runId) emit(link * placesPerLink + event.seq, event);
      }
    },
    // The first event of a link tells nothing about how the one before has ended.
    follows: (seen, place) => place === seen + 1 || place === Infinity || place === 0,
  }).pipe(takeWhile((event) => event !== undefined));

/** The outputs of a run, decoded; completes with the run, whatever its end. */
export const runOutputs = <O>(journal: Journal, runId: string, codec: Codec<O>): Observable<O> =>
  runEvents(journal, runId).pipe(
    filter((event) => event.type === 'output-emitted'),
    map((event) => codec.decode(event.payload)),
  );

/**
 * Every event of the database behind a position, in the order of commits. A pool has such an order for each of its files, and a position in each:
 * a file of which none is given is read from its beginning. It never completes.
 */
export const allEvents = (journal: Journal, after: number | readonly number[] = []): Observable<PositionedEvent> =>
  storedThenLive<readonly PositionedEvent[]>(journal, {
    from: typeof after === 'number' ? [after] : after,
    strandOf,
    read: async (seen, emit, isClosed) => {
      for (const strand of await strandsOf(journal, 'all')) {
        for (let from = Math.max(seen(strand), startOf(strand)); !isClosed();) {
          const page = await journal.tail(from, pageSize);
          const last = page.at(-1);
          if (last) emit(last.position, page);
          if (!last || page.length < pageSize) break;
          from = last.position;
        }
      }
    },
    take: (change, emit) => {
      if (change.type !== 'events') return;
      // A change may lie across the end of what was read: each event has its own place.
      for (const positioned of change.events) emit(positioned.position, [positioned]);
    },
    follows: (seen, place) => place === Math.max(seen, startOf(strandOf(place))) + 1,
  }).pipe(mergeMap((events) => events));
