import { ValueError } from '../errors.js';
import { duration, type Duration } from './duration.js';

/** When a failed attempt is repeated. */
export interface RetryPolicy {
  /** Attempts in all, the first one included. Default: 3. */
  readonly maxAttempts?: number;
  /** From the first failure to the second attempt. Default: 1 second. */
  readonly initialInterval?: Duration;
  /** Each interval is this many times the one before. Default: 2. */
  readonly backoff?: number;
  /** No interval is longer. Default: 1 minute. */
  readonly maxInterval?: Duration;
  /** Intervals vary at random by this part, up and down: 0 to 1. Default: 0.1. */
  readonly jitter?: number;
  /** Errors that are not repeated: by `name` or `code`, or by what the function says. */
  readonly nonRetryable?: readonly string[] | ((error: unknown) => boolean);
}

/** A policy whose defaults are filled in and whose durations are milliseconds. */
export interface NormalRetryPolicy {
  readonly maxAttempts: number;
  readonly initialIntervalMs: number;
  readonly backoff: number;
  readonly maxIntervalMs: number;
  readonly jitter: number;
  readonly nonRetryable: readonly string[] | ((error: unknown) => boolean);
}

/** Error: `INVALID_ARGUMENT` for a policy that makes no sense. */
export const normalizeRetryPolicy = (policy: RetryPolicy): NormalRetryPolicy => {
  const { maxAttempts = 3, backoff = 2, jitter = 0.1, nonRetryable = [] } = policy;
  const wholeOrEndless = maxAttempts === Infinity || Number.isInteger(maxAttempts);
  if (!wholeOrEndless || maxAttempts < 1) throw fault('maxAttempts is a whole number from 1 on', maxAttempts);
  if (!Number.isFinite(backoff) || backoff < 1) throw fault('backoff is a number from 1 on', backoff);
  if (!(jitter >= 0 && jitter <= 1)) throw fault('jitter is a number from 0 to 1', jitter);
  return {
    maxAttempts,
    initialIntervalMs: duration(policy.initialInterval ?? '1 second', 'retry.initialInterval'),
    backoff,
    maxIntervalMs: duration(policy.maxInterval ?? '1 minute', 'retry.maxInterval'),
    jitter,
    nonRetryable,
  };
};

export type NextAttempt = { readonly retry: false } | { readonly retry: true; readonly delayMs: number };

/**
 * Whether and after how long attempt number `attempt` (from 1), which failed with `error` at `now`, is followed by another. Pure:
 * `random` is asked once, for the jitter. An error may say `nonRetryable: true`, or `retryAfter` (ms, a duration text, a Date).
 *
 * Exponential backoff with a proportional jitter, as in Temporal's and gRPC's retry policies.
 */
export const nextAttempt = (
  policy: NormalRetryPolicy,
  attempt: number,
  error: unknown,
  random: () => number,
  now: number,
): NextAttempt => {
  if (attempt >= policy.maxAttempts || isFinal(policy, error)) return { retry: false };
  const asked = askedFor(error, now);
  if (asked !== undefined) return { retry: true, delayMs: asked };
  // The power may be Infinity, and nothing times Infinity is NaN.
  const growth = Math.min(policy.backoff ** (attempt - 1), Number.MAX_VALUE);
  const interval = Math.min(policy.initialIntervalMs * growth, policy.maxIntervalMs);
  const varied = interval * (1 + policy.jitter * (2 * random() - 1));
  return { retry: true, delayMs: Math.round(Math.min(varied, policy.maxIntervalMs)) };
};

const isFinal = ({ nonRetryable }: NormalRetryPolicy, error: unknown): boolean => {
  if (property(error, 'nonRetryable') === true) return true;
  if (typeof nonRetryable === 'function') return nonRetryable(error);
  return [property(error, 'name'), property(error, 'code')].some(
    (name) => typeof name === 'string' && nonRetryable.includes(name),
  );
};

/** A `retryAfter` that makes no sense is passed over: the error is somebody else's, and the policy still stands. */
const askedFor = (error: unknown, now: number): number | undefined => {
  const retryAfter = property(error, 'retryAfter');
  if (retryAfter instanceof Date)
    return Number.isNaN(retryAfter.getTime()) ? undefined : Math.max(0, retryAfter.getTime() - now);
  if (typeof retryAfter !== 'number' && typeof retryAfter !== 'string') return undefined;
  try {
    return duration(retryAfter);
  } catch {
    return undefined;
  }
};

/** A property of somebody else's error, whose getters may throw. */
const property = (error: unknown, key: string): unknown => {
  if (typeof error !== 'object' || error === null) return undefined;
  try {
    return Reflect.get(error, key) as unknown;
  } catch {
    return undefined;
  }
};

const fault = (what: string, found: unknown): ValueError =>
  new ValueError('INVALID_ARGUMENT', `retry.${what}, not ${String(found)}`);
