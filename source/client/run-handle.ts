import type { TaskEither } from 'fp-ts/lib/TaskEither.js';
import * as TE from 'fp-ts/lib/TaskEither.js';
import type { Observable } from 'rxjs';
import { EngineError } from '../errors.js';
import type { RunEvent } from '../journal/event.js';
import type { Journal } from '../journal/journal.js';
import { runEvents, runOutputs } from '../observe/run-events.js';
import type { RunState } from '../observe/reduce-state.js';
import { runState } from '../observe/run-state.js';
import type { Clock } from '../run/clock.js';
import type { SignalDefinition } from '../run/signal.js';
import { limited, type Codec } from '../values/codec.js';
import { isPlainText, plainText } from '../values/text.js';
import type { RunResults } from './run-results.js';

/** What handles share. */
export interface HandleHost {
  readonly journal: Journal;
  readonly results: RunResults;
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
   * The last output, `undefined` if there was none, once the run has completed. Rejects with the run's error when it failed, with the
   * difference when it is blocked, with `ENGINE_CLOSED` when this engine closes first (the run goes on when it is opened again).
   */
  async result(): Promise<O | undefined> {
    const { record, output } = await this.#host.results.ended(this.id);
    if (output !== undefined) return this.#output.decode(output);
    const last = await this.#host.journal.lastOutput(record.id, record.link);
    return last?.type === 'output-emitted' ? this.#output.decode(last.payload) : undefined;
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
    await this.#host.journal.signal({
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
