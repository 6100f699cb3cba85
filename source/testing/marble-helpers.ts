import type { Observable } from 'rxjs';
import type { SignalDefinition } from '../run/signal.js';
import type { RunStatus } from '../journal/status.js';
import type { WorkflowDefinition } from '../run/workflow.js';
import type { Pipeline } from '../operators/workflow.js';

/** What is tested: a workflow, or just a pipeline. */
export type MarbleSubject<I, O> = WorkflowDefinition<I, O> | Pipeline<I, O>;

type Values<V> = Readonly<Record<string, V>>;

export interface OutputExpectation {
  /** Letters stand for themselves unless `values` has them; `#` is the error with which the run fails. */
  toBe(marbles: string, values?: Values<unknown>, error?: unknown): void;
}

export interface StateExpectation {
  /**
   * The status of the run wherever time passed and it had changed: `r` running, `w` waiting, `c` completed, `f` failed, `b` blocked, `p`
   * pending, or what `values` says.
   */
  toBe(marbles: string, values?: Values<RunStatus>): void;
}

export interface HistoryExpectation {
  /** The whole history, as `historyMarbles` draws it. */
  toBe(marbles: string): void;
}

/** What is expected of a workflow on an input; a workflow of a text gets `input`. */
export interface Expect<E> {
  <O>(subject: MarbleSubject<string, O>): E;
  <I, O>(subject: MarbleSubject<I, O>, input: I): E;
}

/** The language of a marble test. One frame is a millisecond of the run's time; `2 days` are `2880m`. */
export interface MarbleHelpers {
  /** A source that begins when it is subscribed to; its messages are durable timers. Within workflows only. */
  readonly cold: <V = string>(marbles: string, values?: Values<V>, error?: unknown) => Observable<V>;
  /** A source that each run has from its start on. Within workflows only. */
  readonly hot: <V = string>(marbles: string, values?: Values<V>, error?: unknown) => Observable<V>;
  /** Publishes a signal to every run for each letter. */
  readonly signalAt: <P>(signal: SignalDefinition<P>, marbles: string, values?: Values<P>) => void;
  /** Stands for an activity: each execution emits this from its beginning on; `#` is a failed attempt. */
  readonly activityAt: (
    name: string,
    marbles: string | ((input: never) => string),
    values?: Values<unknown>,
    error?: unknown,
  ) => void;
  /** ms up to the `|`. */
  readonly time: (marbles: string) => number;
  readonly expectOutput: Expect<OutputExpectation>;
  readonly expectState: Expect<StateExpectation>;
  readonly expectHistory: Expect<HistoryExpectation>;
}
