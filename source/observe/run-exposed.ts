import { map, takeWhile, type Observable } from 'rxjs';
import { EngineError } from '../errors.js';
import type { Exposed } from '../journal/exposed.js';
import type { Journal } from '../journal/journal.js';
import { isTerminal } from '../journal/status.js';
import type { Codec } from '../values/codec.js';
import { storedThenLive, type Emit } from './stored-then-live.js';

type Seen = { readonly payload: string } | 'end';

/** The latest value that a run has published under a name, then each new one; completes with the run. */
export const runExposed = <T>(journal: Journal, runId: string, name: string, codec: Codec<T>): Observable<T> => {
  // What is published has no place in an order; what comes while the stored value is read is newer than that.
  let place = 0;
  let last: Exposed | undefined;
  const show = (exposed: Exposed, emit: Emit<Seen>): void => {
    if (exposed.at === last?.at && exposed.payload === last.payload) return;
    last = exposed;
    emit(place++, exposed);
  };
  return storedThenLive<Seen>(journal, {
    read: async (_, emit) => {
      const record = await journal.run(runId);
      if (!record) throw new EngineError('RUN_NOT_FOUND', `there is no run "${runId}" in this database`);
      const stored = (await journal.exposed(runId)).find((exposed) => exposed.name === name);
      if (stored) show(stored, emit);
      if (isTerminal(record.status)) emit(Infinity, 'end');
    },
    take: (change, emit) => {
      if (change.type === 'exposed' && change.runId === runId && change.exposed.name === name) {
        last = change.exposed;
        emit(place++, change.exposed);
      }
      if (change.type === 'run' && change.run.id === runId && isTerminal(change.run.status)) emit(Infinity, 'end');
    },
    follows: () => true,
  }).pipe(
    takeWhile((seen): seen is Exclude<Seen, 'end'> => seen !== 'end'),
    map(({ payload }) => codec.decode(payload)),
  );
};
