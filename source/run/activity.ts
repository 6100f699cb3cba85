import type { Observable, Subscribable } from 'rxjs';
import type { Codec } from '../values/codec.js';
import type { Duration } from '../values/duration.js';
import type { RetryPolicy } from '../values/retry-policy.js';
import type { Logger } from './logger.js';

/** What an activity emits: the values of its stream, what its promise resolves to, or what it returns. */
export type Emitted<R> =
  // By name before by shape: of the overloads of Observable's `subscribe` inference sees only the last, and finds `unknown`.
  R extends Observable<infer V>
    ? V
    : R extends Subscribable<infer V>
      ? V
      : R extends PromiseLike<infer V>
        ? V
        : R extends AsyncIterable<infer V>
          ? V
          : R;

/** What an activity may give to emit values of a type. */
export type Emitting<O> = O | Subscribable<O> | PromiseLike<O> | AsyncIterable<O>;

/** What an activity is told besides its input. */
export interface ActivityContext<I = unknown> {
  readonly input: I;
  /** From 1. */
  readonly attempt: number;
  readonly runId: string;
  readonly stepKey: string;
  /** The same for every attempt, replay and crash of this step: hand it to the outside world, so that it can tell a repetition. */
  readonly idempotencyKey: string;
  /** Fires on cancellation, on a timeout and when the engine closes. */
  readonly signal: AbortSignal;
  /** Says that the attempt is alive; the details of the last one come back as `heartbeatDetails` of the next attempt. */
  heartbeat(details?: unknown): void;
  readonly heartbeatDetails: unknown;
  /** Values of this stream that are recorded already, over all attempts and processes. */
  readonly emitted: number;
  /** The last of them. */
  readonly last: unknown;
  readonly logger: Logger;
}

export type ActivityFunction<I, R> = (input: I, context: ActivityContext<I>) => R;

/** An object whose `run` is the activity: for shared clients and state. `this` is the object. */
export interface ActivityObject<I, R> {
  run(input: I, context: ActivityContext<I>): R;
}

/** How an activity is executed. Every field has a default. */
export interface ExecutionOptions {
  /** Default: 3 attempts, 1 second doubling to 1 minute, jitter 0.1. */
  readonly retry?: RetryPolicy;
  /** For one attempt. Default: none. */
  readonly timeout?: Duration;
  /** For all attempts together, from the instant of issue. Default: none. */
  readonly overallTimeout?: Duration;
  /** An attempt that stays silent for longer has failed. Default: none. */
  readonly heartbeatTimeout?: Duration;
  /** Commits that the activity is about to run (key and input digest) before it runs: one commit more. Default: false. */
  readonly intent?: boolean;
  /** How a stream goes on after a crash or a failed attempt. `skip` (default) drops as many values as are recorded; with `context` the producer starts from `context.emitted`. */
  readonly resume?: 'skip' | 'context';
  /** Values of a stream that may wait for their commit. An AsyncIterable is paused there, an Observable fails. Default: 1,000. */
  readonly buffer?: number;
}

export const defaultStreamBuffer = 1000;

/** One execution's worth of an activity, as the engine needs it: everything is encoded or decoded by these functions. */
export interface ActivityTask {
  readonly input: unknown;
  readonly run: (input: unknown, context: ActivityContext) => unknown;
  readonly result: Codec<unknown>;
  readonly options: ExecutionOptions;
}
