import { isObservable, type Observable } from 'rxjs';
import { ActivityError } from '../errors.js';
import type { ActivityContext, ActivityTask } from '../run/activity.js';
import type { Clock } from '../run/clock.js';
import { duration } from '../values/duration.js';
import { readable } from '../values/failure.js';

/** How an attempt reports. Exactly one of `value`, `done` and `failed` is the last call; nothing comes after `close`. */
export interface AttemptReport {
  /** The one value of a function or promise. */
  value(value: unknown): void;
  /** A value of a stream. The promise, if any, asks the producer to pause; an error ends the attempt. */
  emitted(value: unknown, mayPause: boolean): Promise<void> | undefined;
  /** The end of a stream. */
  done(): void;
  failed(error: unknown): void;
  heartbeat(details: unknown): void;
}

type Limits = Pick<ActivityContext, 'heartbeatDetails'>;

/** One call of an activity's function: it ends once, by its outcome, a timeout or an abort; what comes later is dropped. */
export class Attempt {
  /** Made when it is asked for: most activities never look at it. */
  #controller: AbortController | undefined;
  #aborted: { readonly reason: unknown } | undefined;
  readonly #report: AttemptReport;
  readonly #clock: Clock;
  readonly #name: string;
  #cancels: (() => void)[] | undefined;
  readonly #heartbeatMs: number | undefined;
  #cancelHeartbeat: (() => void) | undefined;
  #open = true;
  details: unknown;

  constructor(
    name: string,
    task: ActivityTask,
    context: Omit<ActivityContext, 'signal' | 'heartbeat'> & Limits,
    clock: Clock,
    report: AttemptReport,
  ) {
    this.#name = name;
    this.#clock = clock;
    this.#report = report;
    const { timeout, heartbeatTimeout } = task.options;
    this.#heartbeatMs = heartbeatTimeout === undefined ? undefined : duration(heartbeatTimeout);
    if (timeout !== undefined) this.#limit('timeout', duration(timeout));
    this.#watchHeartbeat();
    const heartbeat = (details?: unknown): void => {
      if (!this.#open) return;
      this.details = details;
      this.#watchHeartbeat();
      report.heartbeat(details);
    };
    try {
      this.#consume(task.run(task.input, this.#contextOf(context, heartbeat)));
    } catch (error) {
      this.#fail(error);
    }
  }

  get isOpen(): boolean {
    return this.#open;
  }

  /** Ends the attempt from outside: its `AbortSignal` fires, its outcome no longer counts. */
  close(reason: unknown): void {
    if (!this.#shut()) return;
    this.#abort(reason);
  }

  /** Its AbortSignal fires; its outcome counts all the same. */
  signal(reason: unknown): void {
    if (this.#open) this.#abort(reason);
  }

  #contextOf(
    context: Omit<ActivityContext, 'signal' | 'heartbeat'>,
    heartbeat: (details?: unknown) => void,
  ): ActivityContext {
    const signal = (): AbortSignal => this.#abortSignal();
    // One by one: spreading took longer than the rest of an attempt (measured).
    return {
      input: context.input,
      attempt: context.attempt,
      runId: context.runId,
      stepKey: context.stepKey,
      idempotencyKey: context.idempotencyKey,
      heartbeatDetails: context.heartbeatDetails,
      emitted: context.emitted,
      last: context.last,
      logger: context.logger,
      heartbeat,
      get signal() {
        return signal();
      },
    };
  }

  #abortSignal(): AbortSignal {
    this.#controller ??= new AbortController();
    if (this.#aborted) this.#controller.abort(this.#aborted.reason);
    return this.#controller.signal;
  }

  #abort(reason: unknown): void {
    this.#aborted ??= { reason };
    this.#controller?.abort(reason);
  }

  #consume(result: unknown): void {
    if (isObservable(result)) this.#consumeObservable(result);
    else if (isAsyncIterable(result)) void this.#consumeIterable(result);
    else if (isPromiseLike(result)) {
      result.then(
        (value) => {
          this.#succeed(value);
        },
        (error: unknown) => {
          this.#fail(error);
        },
      );
    } else this.#succeed(result);
  }

  #consumeObservable(stream: Observable<unknown>): void {
    const subscription = stream.subscribe({
      next: (value) => {
        if (!this.#open) return;
        try {
          void this.#report.emitted(value, false);
        } catch (error) {
          this.#fail(error);
          this.#abort(error);
        }
      },
      error: (error: unknown) => {
        this.#fail(error);
      },
      complete: () => {
        if (this.#shut()) this.#report.done();
      },
    });
    (this.#cancels ??= []).push(() => {
      subscription.unsubscribe();
    });
    if (!this.#open) subscription.unsubscribe();
  }

  async #consumeIterable(stream: AsyncIterable<unknown>): Promise<void> {
    try {
      for await (const value of stream) {
        if (!this.#open) return;
        await this.#report.emitted(value, true);
      }
      if (this.#shut()) this.#report.done();
    } catch (error) {
      this.#fail(error);
    }
  }

  #succeed(value: unknown): void {
    if (this.#shut()) this.#report.value(value);
  }

  #fail(error: unknown): void {
    if (this.#shut()) this.#report.failed(readable(error));
  }

  #limit(limit: string, ms: number): void {
    const cancel = this.#clock.at(this.#clock.now() + ms, () => {
      const error = new ActivityError('ACTIVITY_TIMEOUT', `activity "${this.#name}" ran into its ${limit} of ${ms} ms`);
      this.#fail(error);
      this.#abort(error);
    });
    (this.#cancels ??= []).push(cancel);
  }

  #watchHeartbeat(): void {
    if (this.#heartbeatMs === undefined) return;
    const ms = this.#heartbeatMs;
    this.#cancelHeartbeat?.();
    this.#cancelHeartbeat = this.#clock.at(this.#clock.now() + ms, () => {
      const error = new ActivityError('ACTIVITY_TIMEOUT', `activity "${this.#name}" gave no heartbeat for ${ms} ms`);
      this.#fail(error);
      this.#abort(error);
    });
  }

  /** Whether this call closed it. */
  #shut(): boolean {
    if (!this.#open) return false;
    this.#open = false;
    this.#cancelHeartbeat?.();
    for (const cancel of this.#cancels ?? []) cancel();
    return true;
  }
}

const isPromiseLike = (value: unknown): value is PromiseLike<unknown> =>
  typeof value === 'object' && value !== null && 'then' in value && typeof value.then === 'function';

const isAsyncIterable = (value: unknown): value is AsyncIterable<unknown> =>
  typeof value === 'object' && value !== null && Symbol.asyncIterator in value;

/** An emission that cannot be written down ends the activity for good: the effect has happened. */
export class UnrecordableResult extends Error {
  constructor(cause: unknown) {
    super('a value of the stream cannot be recorded', { cause });
  }
}
