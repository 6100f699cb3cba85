import { EngineError } from '../errors.js';
import type { ActivityTask } from '../run/activity.js';
import { wallClock, type Clock } from '../run/clock.js';
import { silent, type Logger } from '../run/logger.js';
import { defaultMaxPayloadBytes } from '../values/codec.js';

/** Gets an activity's name and function and gives the function that is run. */
export type ActivityInterceptor = (name: string, run: ActivityTask['run']) => ActivityTask['run'];

/** The limits of a worker. Each wait, queue and retry has a name here. */
export interface WorkerOptions {
  /** An encoded value (input, result, payload, output) may be as large as this. Default: 2 MiB. */
  readonly maxPayloadBytes?: number;
  /** Runs whose pipelines are in memory at once; the others wait in the database. Default: 1,000. */
  readonly maxResidentRuns?: number;
  /** A run that only waits says so in the database after this time, so that a run that goes on at once writes nothing. Default: 10. */
  readonly parkAfterMs?: number;
  /** A run that only waits leaves memory after this time and costs nothing but its rows. Default: 10,000. */
  readonly evictAfterMs?: number;
  /** Activities in flight get this time when the engine closes; then their `AbortSignal` fires. Default: 5,000. */
  readonly closeTimeoutMs?: number;
  /** How long the database stays this worker's without a sign of life. Default: 15,000. */
  readonly leaseMs?: number;
  /** A commit that the database refused for a passing cause (full disk, busy) is tried again after at most this time. Default: 5,000. */
  readonly commitRetryMs?: number;
  /** Stands around each execution of an activity: answers with what is to run in its place. For tests and traces. Default: itself. */
  readonly interceptActivity?: ActivityInterceptor;
  /** Where retries take their jitter from: a number from 0 to below 1. Default: `Math.random`. */
  readonly random?: () => number;
  /** Default: the machine's clock. */
  readonly clock?: Clock;
  /** pino's shape. Silent on replay. Default: silent. */
  readonly logger?: Logger;
}

const limits = {
  maxPayloadBytes: defaultMaxPayloadBytes,
  maxResidentRuns: 1000,
  parkAfterMs: 10,
  evictAfterMs: 10_000,
  closeTimeoutMs: 5000,
  leaseMs: 15_000,
  commitRetryMs: 5000,
} as const;

export type Settings = Required<WorkerOptions>;

export const settle = (options: WorkerOptions): Settings => {
  for (const limit of Object.keys(limits) as (keyof typeof limits)[]) {
    const value = options[limit];
    const least = limit === 'maxResidentRuns' || limit === 'leaseMs' ? 1 : 0;
    if (value === undefined || (Number.isFinite(value) && value >= least)) continue;
    throw new EngineError('INVALID_ARGUMENT', `${limit} is a number from ${least} on, not ${String(value)}`);
  }
  const given = Object.fromEntries(Object.entries(options).filter(([, value]) => value !== undefined));
  return {
    ...limits,
    random: Math.random,
    interceptActivity: (_, run) => run,
    clock: wallClock,
    logger: silent,
    ...given,
  };
};
