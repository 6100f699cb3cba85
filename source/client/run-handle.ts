import type { TaskEither } from 'fp-ts/lib/TaskEither.js';
import * as TE from 'fp-ts/lib/TaskEither.js';
import type * as t from 'io-ts';
import type { Observable } from 'rxjs';
import type { Signals } from '../engine/signals.js';
import { EngineError } from '../errors.js';
import type { RunEvent } from '../journal/event.js';
import type { Journal } from '../journal/journal.js';
import { runEvents, runOutputs } from '../observe/run-events.js';
import { runExposed } from '../observe/run-exposed.js';
import type { RunState } from '../observe/reduce-state.js';
import { runState } from '../observe/run-state.js';
import type { Clock } from '../run/clock.js';
import { takenIn } from '../run/control.js';
import type { SignalDefinition } from '../run/signal.js';
import { limited, type Codec } from '../values/codec.js';
import { codecOf } from '../values/io-ts-codec.js';
import { isPlainText, plainText } from '../values/text.js';
import type { ForkOptions, RetryOptions, RunHistories } from './run-history.js';
import type { RunRequests } from './run-requests.js';
import { wrongState } from './run-requests.js';
import type { RunResults } from './run-results.js';

/** What handles share. */
export interface HandleHost {
  readonly journal: Journal;
  readonly results: RunResults;
  readonly signals: Signals;
  readonly requests: RunRequests;
  readonly histories: RunHistories;
  readonly clock: Clock;
  readonly maxPayloadBytes: number;
}

/** One run, to be watched, signalled and awaited. Handles are cheap and hold nothing: make as many as you like. */
export class Run<O = unknown> {
  readonly id: string;
  readonly #host: HandleHost;
  readonly #output: Codec<O>;

  constructor(id: string, output: Codec<O>, host: HandleHost) {
    this.id = id;
    this.#output = output;
    this.#host = host;
  }

  /** The stored state, then each new one; completes with the run. Error: `RUN_NOT_FOUND`. */
  get state$(): Observable<RunState<O>> {
    return runState(this.#host.journal, this.id, this.#output);
  }

  /** Every output, the stored ones first; completes with the run, whatever its end. */
  get output$(): Observable<O> {
    return runOutputs(this.#host.journal, this.id, this.#output);
  }

  /** Every event of the journal, the stored ones first; completes with the run. */
  get events$(): Observable<RunEvent> {
    return runEvents(this.#host.journal, this.id);
  }

  /**
   * The latest value that the run has published under this name with `expose`, then each new one; completes with the run. Error:
   * `RUN_NOT_FOUND`, what the codec refuses.
   */
  exposed$<T = unknown>(name: string, codec?: t.Type<T, unknown>): Observable<T> {
    return runExposed(this.#host.journal, this.id, name, codecOf(codec));
  }

  /**
   * The last output, `undefined` if there was none, once the run has completed. Rejects with the run's error when it failed, with the
   * difference when it is blocked, with `ENGINE_CLOSED` when this engine closes first (the run goes on when it is opened again).
   */
  async result(): Promise<O | undefined> {
    const { record, output } = await this.#host.results.ended(this.id);
    if (output !== undefined) return this.#output.decode(output);
    const last = await this.#host.journal.lastOutput(record.id, record.link);
    return last?.type === 'output-emitted' ? this.#output.decode(last.payload) : undefined;
  }

  /**
   * Nothing is delivered to the run or started for it any more. What is in flight finishes and is recorded. Idempotent; answers when it
   * is written. Errors: `RUN_NOT_FOUND`, `WRONG_STATE` for a run that is at its end.
   */
  pause(): Promise<void> {
    return this.#host.requests.ask(this.id, { type: 'pause' });
  }

  /** A paused run goes on. Nothing happens to one that is not paused. Errors: `RUN_NOT_FOUND`, `WRONG_STATE`. */
  resume(): Promise<void> {
    return this.#host.requests.ask(this.id, { type: 'resume' });
  }

  /**
   * The pipeline is unsubscribed from, so that nothing in it can swallow that; activities in flight hear of it by their AbortSignal. Then
   * finalizers, compensations and the close policies of children run, and the run ends `cancelled`, whatever comes of them. Idempotent;
   * answers when the request is stored (`result()` rejects with `RUN_CANCELLED` when it is done). Errors: `RUN_NOT_FOUND`, `WRONG_STATE`.
   */
  cancel(): Promise<void> {
    return this.#host.requests.ask(this.id, { type: 'cancel' });
  }

  /** Ends the run at once, without any clean-up; children get their close policy. Errors: `RUN_NOT_FOUND`, `WRONG_STATE`. */
  terminate(): Promise<void> {
    return this.#host.requests.ask(this.id, { type: 'terminate' });
  }

  /**
   * A new run with the same input, or another one, of the newest version; of a run in any state. Errors: `RUN_NOT_FOUND`,
   * `WORKFLOW_NOT_REGISTERED`, `RUN_EXISTS`, what the codec refuses.
   */
  async retry(options: RetryOptions = {}): Promise<Run<O>> {
    const id = await this.#host.histories.retry(this.id, options);
    return new Run(id, this.#output, this.#host);
  }

  /**
   * The same run goes on, with everything that is recorded: a failed one from where the failure began (what had succeeded is kept, also
   * what succeeded after the failure; a compensated saga begins anew), a blocked one with the code as it is now, a paused one as by
   * `resume`. Of a run that has completed it verifies that the code still leads to the same outputs, and executes nothing.
   *
   * Errors: `RUN_NOT_FOUND`; `WRONG_STATE` for a run that was cancelled or terminated; `DIVERGENCE` for one that has completed and no
   * longer fits.
   */
  async replay(): Promise<void> {
    const record = await this.#host.histories.record(this.id);
    if (record.status === 'completed') await this.#host.histories.verify(record);
    else await this.#host.requests.ask(this.id, { type: 'replay' });
  }

  /**
   * Goes back: whatever came after this event (its `seq`, as in `events$`) no longer counts, signals that were consumed are there again,
   * and the run goes on from there. For runs that are paused, blocked, failed or have completed. What was done to the outside world stays
   * done. Errors: `RUN_NOT_FOUND`, `WRONG_STATE`, `INVALID_ARGUMENT`.
   */
  async rewind(to: number): Promise<void> {
    const record = await this.#host.histories.record(this.id);
    if (!takenIn.rewind.includes(record.status)) {
      if (await this.#host.histories.isAt(record, to)) return;
      throw wrongState('rewind', record);
    }
    await this.#host.histories.checkPlace(record, to);
    await this.#host.requests.ask(this.id, { type: 'rewind', goTo: to });
  }

  /**
   * A new run that has the history of this one's present link up to an event (its `seq`, as in `events$`) and goes on by itself from
   * there. Errors: `RUN_NOT_FOUND`, `RUN_EXISTS`, `INVALID_ARGUMENT`.
   */
  async fork(at: number, options: ForkOptions = {}): Promise<Run<O>> {
    const id = await this.#host.histories.fork(this.id, at, options);
    return new Run(id, this.#output, this.#host);
  }

  /** `result()` as a TaskEither: what `result` would reject with is on the left. */
  resultEither(): TaskEither<unknown, O | undefined> {
    return TE.tryCatch(
      () => this.result(),
      (error) => error,
    );
  }

  /**
   * Puts a signal into the run's mailbox; answers when it is stored. It waits there until the run asks for it, first in, first out.
   * The same `idempotencyKey` for the same signal counts once. Errors: `RUN_NOT_FOUND`, `RUN_ENDED`, what the codec refuses.
   */
  async signal<P>(signal: SignalDefinition<P>, ...[payload, options = {}]: SignalArguments<P>): Promise<void> {
    // A signal without a payload carries `undefined`.
    const encoded = limited(signal.codec, this.#host.maxPayloadBytes).encode(payload as P);
    const { idempotencyKey } = options;
    if (idempotencyKey !== undefined && !isPlainText(idempotencyKey)) {
      throw new EngineError(
        'INVALID_ARGUMENT',
        `idempotencyKey is ${plainText}, not ${JSON.stringify(idempotencyKey)}`,
      );
    }
    await this.#host.signals.send({
      runId: this.id,
      name: signal.name,
      payload: encoded,
      at: this.#host.clock.now(),
      ...(idempotencyKey === undefined ? {} : { idempotencyKey }),
    });
  }
}

export interface SignalOptions {
  /** The same key for the same run and signal counts once. */
  readonly idempotencyKey?: string;
}

/** What follows the signal's definition: nothing is needed for one without a payload. */
export type SignalArguments<P> = [P] extends [void]
  ? [payload?: P, options?: SignalOptions]
  : [payload: P, options?: SignalOptions];
