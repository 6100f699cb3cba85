import { Observable } from 'rxjs';
import { EngineError } from '../errors.js';
import type { Change, Journal } from '../journal/journal.js';
import { isTerminal } from '../journal/status.js';
import type { Codec } from '../values/codec.js';
import { initialState, reduceEvent, reduceRecord, type RunState } from './reduce-state.js';

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
      if (next === state) return;
      state = next;
      subscriber.next(next);
      if (isTerminal(next.status)) subscriber.complete();
    };
    const hear = (changes: readonly Change[]): void => {
      if (state && !subscriber.closed)
        show(changes.reduce((before, change) => apply(before, runId, change, output), state));
    };
    const stop = journal.subscribe((changes) => {
      if (early) early.push(changes);
      else hear(changes);
    });

    readState(journal, runId, output).then(
      (stored) => {
        show(stored);
        const missed = early ?? [];
        early = undefined;
        for (const changes of missed) hear(changes);
      },
      (error: unknown) => {
        subscriber.error(error);
      },
    );
    return stop;
  });

/** The record is read before the events: a change in between is heard, and an event that was read is not counted twice. */
const readState = async <O>(journal: Journal, runId: string, output: Codec<O>): Promise<RunState<O>> => {
  const record = await journal.run(runId);
  if (!record) throw new EngineError('RUN_NOT_FOUND', `there is no run "${runId}" in this database`);
  let state = initialState<O>(record);
  for (let from = 0; ; from += pageSize) {
    const page = await journal.events(runId, record.link, from, pageSize);
    state = page.reduce((before, event) => reduceEvent(before, event, output), state);
    if (page.length < pageSize) break;
  }
  return isTerminal(state.status) ? state : reduceRecord(state, record);
};

const apply = <O>(state: RunState<O>, runId: string, change: Change, output: Codec<O>): RunState<O> => {
  if (change.type === 'run') return change.run.id === runId ? reduceRecord(state, change.run) : state;
  if (change.type !== 'events') return state;
  let next = state;
  for (const { runId: id, link, event } of change.events) {
    if (id === runId && link === next.link && event.seq >= next.events) next = reduceEvent(next, event, output);
  }
  return next;
};
