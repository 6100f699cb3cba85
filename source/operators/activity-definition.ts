import type * as t from 'io-ts';
import { EngineError } from '../errors.js';
import type {
  ActivityFunction,
  ActivityObject,
  ActivityTask,
  Emits,
  Emitted,
  ExecutionOptions,
} from '../run/activity.js';
import type { Codec } from '../values/codec.js';
import { duration } from '../values/duration.js';
import { codecOf } from '../values/io-ts-codec.js';
import { normalizeRetryPolicy } from '../values/retry-policy.js';
import { isPlainText, plainText } from '../values/text.js';

/** A named activity with its codecs and options, to be used in several places. Made by `defineActivity`. */
export interface ActivityDefinition<I, O> {
  readonly name: string;
  readonly input: Codec<I>;
  readonly output: Codec<O>;
  readonly run: ActivityTask['run'];
  readonly options: ExecutionOptions;
  /** How many upstream values are worked on at once. */
  readonly concurrency: number;
}

export interface ActivityCodecs<I, O> {
  /** Checks and encodes the input. Default: any value that the default codec carries. */
  readonly input?: t.Type<I, unknown>;
  /** Checks and encodes each emitted value. */
  readonly output?: t.Type<O, unknown>;
}

export interface ActivityOptions<I, O> extends ExecutionOptions, ActivityCodecs<I, O> {
  /** 1 (default) works on one value after the other, in order; more merges results as they come. */
  readonly concurrency?: number;
}

/**
 * Names an activity, with codecs at its boundaries, so that several pipelines can use it.
 *
 * @example
 * const charge = defineActivity('charge', { input: Order, output: Receipt, retry: { maxAttempts: 5 } }, (order, { idempotencyKey }) =>
 *   payments.charge(order.total, idempotencyKey));
 */
export function defineActivity<I, O>(
  name: string,
  options: ActivityOptions<I, O> & { readonly output: t.Type<O, unknown> },
  fn: ActivityFunction<I, Emits<O>> | ActivityObject<I, Emits<O>>,
): ActivityDefinition<I, O>;
export function defineActivity<I, R>(
  name: string,
  options: Omit<ActivityOptions<I, unknown>, 'output'>,
  fn: ActivityFunction<I, R> | ActivityObject<I, R>,
): ActivityDefinition<I, Emitted<R>>;
export function defineActivity<I, O>(
  name: string,
  options: ActivityOptions<I, O>,
  fn: ActivityFunction<I, unknown> | ActivityObject<I, unknown>,
): ActivityDefinition<I, O> {
  const { input, output, concurrency = 1, ...execution } = options;
  checkName('activity', name);
  checkOptions(name, concurrency, execution);
  // The engine knows activities without their types; the codecs on both sides are what makes this safe.
  const run = (typeof fn === 'function' ? fn : fn.run.bind(fn)) as ActivityTask['run'];
  return { name, input: codecOf(input), output: codecOf(output), run, options: execution, concurrency };
}

/** Names become part of step keys: any text of one line without the mark of a key. */
export const checkName = (what: string, name: unknown): void => {
  if (isPlainText(name) && !name.includes('#')) return;
  throw new EngineError(
    'INVALID_ARGUMENT',
    `the name of ${what === 'activity' ? 'an' : 'a'} ${what} is ${plainText}, and without #, ` +
      `not ${typeof name === 'string' ? JSON.stringify(name) : typeof name}`,
  );
};

const checkOptions = (name: string, concurrency: number, options: ExecutionOptions): void => {
  const where = `activity "${name}"`;
  if (concurrency !== Infinity && (!Number.isInteger(concurrency) || concurrency < 1)) {
    throw new EngineError('INVALID_ARGUMENT', `${where}: concurrency is a whole number from 1 on, not ${concurrency}`);
  }
  const { buffer } = options;
  if (buffer !== undefined && (!Number.isInteger(buffer) || buffer < 1)) {
    throw new EngineError('INVALID_ARGUMENT', `${where}: buffer is a whole number from 1 on, not ${buffer}`);
  }
  for (const limit of ['timeout', 'overallTimeout', 'heartbeatTimeout'] as const) {
    const value = options[limit];
    if (value !== undefined) duration(value, `${limit} of ${where}`);
  }
  // The defaults make sense: an activity that is defined within a pipeline is checked once for each run.
  if (options.retry) normalizeRetryPolicy(options.retry);
};
