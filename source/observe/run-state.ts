import { isDeepStrictEqual } from 'node:util';
import { Observable } from 'rxjs';
import { EngineError } from '../errors.js';
import { CatchUp } from '../journal/catch-up.js';
import type { Change, Journal } from '../journal/journal.js';
import type { RunRecord } from '../journal/run-record.js';
import { isTerminal } from '../journal/status.js';
import type { Codec } from '../values/codec.js';
import { isNewerThanHeard } from './newer-than-heard.js';
import { initialState, reduceEvent, reduceRecord, type RunState } from './reduce-state.js';
import { isSameRecord } from './shown-runs.js';

/** Events that are read at once. */
const pageSize = 1000;

/**
 * The live state of a run: first as it is stored, then again after each commit that changes it; completes with the run. A commit
 * of several events is one new state.
 */
export const runState = <O>(journal: Journal, runId: string, output: Codec<O>): Observable<RunState<O>> =>
  new Observable<RunState<O>>((subscriber) => {
    let state: RunState<O> | undefined;
    let early: (readonly Change[])[] | undefined = [];

    const show = (next: RunState<O>): void => {
      if (next === state || (state && isSame(state, next))) return;
      state = next;
      subscriber.next(next);
      if (isTerminal(next.status)) subscriber.complete();
    };
    const hear = (changes: readonly Change[]): void => {
      if (!state || subscriber.closed) return;
      if (changes.some((change) => isAhead(state, runId, change))) catchUp.ask();
      else show(changes.reduce((before, change) => apply(before, runId, change, output), state));
    };
    const catchUp = new CatchUp(
      async () => {
        const missed: (readonly Change[])[] = (early = []);
        const { record, state: stored } = await readState(journal, runId, output, state);
        const again = (): Promise<RunRecord | undefined> => journal.run(runId);
        const isNewest = await isNewerThanHeard(record, recordsIn(missed, runId), isSameRecord, again);
        show(stored);
        early = undefined;
        const heard = recordsIn(missed, runId);
        const place = heard.findLastIndex((one) => isSameRecord(one, record));
        const newer = place < 0 && isNewest ? [] : heard.slice(place + 1);
        for (const changes of missed)
          hear(changes.filter((change) => change.type !== 'run' || newer.includes(change.run)));
      },
      (error) => {
        subscriber.error(error);
      },
    );
    const stop = journal.subscribe((changes) => {
      if (changes.some(({ type }) => type === 'foreign')) catchUp.ask();
      else if (early) early.push(changes);
      else hear(changes);
    });
    catchUp.ask();
    return () => {
      stop();
      catchUp.stop();
    };
  });

/**
 * The record is read before the events: a change in between is heard, and an event that was read is not counted twice. What was read
 * before of the same link is not read again.
 */
const readState = async <O>(
  journal: Journal,
  runId: string,
  output: Codec<O>,
  before: RunState<O> | undefined,
): Promise<{ readonly record: RunRecord; readonly state: RunState<O> }> => {
  const record = await journal.run(runId);
  if (!record) throw new EngineError('RUN_NOT_FOUND', `there is no run "${runId}" in this database`);
  let state = before?.link === record.link ? before : initialState<O>(record);
  for (;;) {
    const page = await journal.events(runId, record.link, state.events, pageSize);
    state = page.reduce((last, event) => reduceEvent(last, event, output), state);
    if (page.length < pageSize) break;
  }
  return { record, state: isTerminal(state.status) ? state : reduceRecord(state, record) };
};

/** What was heard of the run's record. */
const recordsIn = (changes: readonly (readonly Change[])[], runId: string): readonly RunRecord[] =>
  changes.flat().flatMap((change) => (change.type === 'run' && change.run.id === runId ? [change.run] : []));

/** Others may have written what lies between. */
const isAhead = <O>(state: RunState<O> | undefined, runId: string, change: Change): boolean => {
  if (!state || change.type !== 'events') return false;
  const [first] = change.events;
  if (first?.runId !== runId) return false;
  return first.link === state.link ? first.event.seq > state.events : first.link > state.link + 1;
};

const isSame = <O>(one: RunState<O>, other: RunState<O>): boolean =>
  one.link === other.link &&
  one.events === other.events &&
  one.status === other.status &&
  one.wakeAt === other.wakeAt &&
  isDeepStrictEqual(one.error, other.error);

const apply = <O>(state: RunState<O>, runId: string, change: Change, output: Codec<O>): RunState<O> => {
  if (change.type === 'run') return change.run.id === runId ? reduceRecord(state, change.run) : state;
  if (change.type !== 'events') return state;
  let next = state;
  for (const { runId: id, link, event } of change.events) {
    if (id === runId && link === next.link && event.seq >= next.events) next = reduceEvent(next, event, output);
  }
  return next;
};
