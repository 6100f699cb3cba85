import { map, Observable } from 'rxjs';
import { EngineError } from '../errors.js';
import { CatchUp } from '../journal/catch-up.js';
import type { Exposed } from '../journal/exposed.js';
import type { Change, Journal } from '../journal/journal.js';
import { isTerminal } from '../journal/status.js';
import type { Codec } from '../values/codec.js';
import { isNewerThanHeard } from './newer-than-heard.js';

/** The latest value that a run has published under a name, then each new one; completes with the run. */
export const runExposed = <T>(journal: Journal, runId: string, name: string, codec: Codec<T>): Observable<T> =>
  payloads(journal, runId, name).pipe(map((payload) => codec.decode(payload)));

type Heard = Exposed | 'end';

/** A value is known by its instant: nothing else of it is stored. */
const isSame = (one: Exposed, other: Exposed | undefined): boolean =>
  one.at === other?.at && one.payload === other.payload;

const payloads = (journal: Journal, runId: string, name: string): Observable<string> =>
  new Observable<string>((subscriber) => {
    let shown: Exposed | undefined;
    // What was read may be heard of later; whatever is heard first then is that, or comes behind it.
    let isUnheard = false;
    let early: Heard[] | undefined = [];

    const show = (exposed: Exposed): void => {
      shown = exposed;
      subscriber.next(exposed.payload);
    };
    const meet = (stored: Exposed): void => {
      if (isSame(stored, shown)) return;
      show(stored);
      isUnheard = true;
    };
    const hear = (heard: Heard): void => {
      if (heard === 'end') {
        subscriber.complete();
        return;
      }
      const wasRead = isUnheard && isSame(heard, shown);
      isUnheard = false;
      if (!wasRead) show(heard);
    };
    const read = async (): Promise<Exposed | undefined> =>
      (await journal.exposed(runId)).find((exposed) => exposed.name === name);

    const catchUp = new CatchUp(
      async () => {
        const missed: Heard[] = (early = []);
        const values = (): readonly Exposed[] => missed.filter((heard) => heard !== 'end');
        // The record is read before the value: a run that is at its end publishes nothing more.
        const record = await journal.run(runId);
        if (!record) throw new EngineError('RUN_NOT_FOUND', `there is no run "${runId}" in this database`);
        const stored = await read();
        const isNew = stored !== undefined && !isSame(stored, shown);
        const isNewest = isNew && (await isNewerThanHeard(stored, values(), isSame, read));
        early = undefined;
        const isMissed = isNew && values().some((heard) => isSame(heard, stored));
        if (isNew && !isMissed && !isNewest) meet(stored);
        for (const heard of missed) hear(heard);
        if (isNew && !isMissed && isNewest) meet(stored);
        if (isTerminal(record.status)) subscriber.complete();
      },
      (error) => {
        subscriber.error(error);
      },
    );
    const take = (change: Change): void => {
      const heard = heardIn(change, runId, name);
      if (heard === undefined) return;
      if (early) early.push(heard);
      else hear(heard);
    };
    const stop = journal.subscribe((changes) => {
      for (const change of changes) {
        if (change.type === 'foreign') catchUp.ask();
        else take(change);
      }
    });
    catchUp.ask();
    return () => {
      stop();
      catchUp.stop();
    };
  });

const heardIn = (change: Change, runId: string, name: string): Heard | undefined => {
  if (change.type === 'exposed' && change.runId === runId && change.exposed.name === name) return change.exposed;
  return change.type === 'run' && change.run.id === runId && isTerminal(change.run.status) ? 'end' : undefined;
};
