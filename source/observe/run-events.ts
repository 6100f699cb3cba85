import { filter, map, mergeMap, takeWhile, type Observable } from 'rxjs';
import type { PositionedEvent, RunEvent } from '../journal/event.js';
import type { Journal } from '../journal/journal.js';
import type { Codec } from '../values/codec.js';
import { storedThenLive } from './stored-then-live.js';

/** Events that are read at once. */
const pageSize = 1000;

/** Whether a run of this link goes on after the event. */
const goesOn = (event: RunEvent): boolean => event.type !== 'run-completed' && event.type !== 'run-failed';

/** Every event of a run's link: first the stored ones, then the live ones; completes with the run. */
export const runEvents = (journal: Journal, runId: string, link = 0): Observable<RunEvent> =>
  storedThenLive<RunEvent>(
    journal,
    async (emit, isClosed) => {
      for (let from = 0; !isClosed();) {
        const page = await journal.events(runId, link, from, pageSize);
        for (const event of page) emit(event.seq, event);
        if (page.length < pageSize) return;
        from += page.length;
      }
    },
    (change, emit) => {
      if (change.type !== 'events') return;
      for (const { runId: id, link: itsLink, event } of change.events) {
        if (id === runId && itsLink === link) emit(event.seq, event);
      }
    },
  ).pipe(takeWhile(goesOn, true));

/** The outputs of a run, decoded; completes with the run, whatever its end. */
export const runOutputs = <O>(journal: Journal, runId: string, codec: Codec<O>): Observable<O> =>
  runEvents(journal, runId).pipe(
    filter((event) => event.type === 'output-emitted'),
    map((event) => codec.decode(event.payload)),
  );

/** Every event of the database after a position, in the order of commits. It never completes. */
export const allEvents = (journal: Journal, after = 0): Observable<PositionedEvent> =>
  storedThenLive<readonly PositionedEvent[]>(
    journal,
    async (emit, isClosed) => {
      for (let from = after; !isClosed();) {
        const page = await journal.tail(from, pageSize);
        const last = page.at(-1);
        if (last) emit(last.position, page);
        if (!last || page.length < pageSize) return;
        from = last.position;
      }
    },
    (change, emit) => {
      if (change.type !== 'events') return;
      // A change may lie across the end of what was read: each event has its own place.
      for (const positioned of change.events) emit(positioned.position, [positioned]);
    },
  ).pipe(mergeMap((events) => events));
