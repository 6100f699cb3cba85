import type * as t from 'io-ts';
import { defer, of, type Observable, type ObservableInput } from 'rxjs';
import { EngineError } from '../errors.js';
import type { RunLimits, WorkflowDefinition } from '../run/workflow.js';
import { duration, type Duration } from '../values/duration.js';
import { codecOf } from '../values/io-ts-codec.js';
import { normalizeRetryPolicy, type RetryPolicy } from '../values/retry-policy.js';
import { checkName } from './activity-definition.js';

export interface WorkflowOptions<I, O> {
  /** Checks and encodes the input of a run. Default: any value that the default codec carries. */
  readonly input?: t.Type<I, unknown>;
  /** Checks and encodes each output. */
  readonly output?: t.Type<O, unknown>;
  /** New runs take the newest registered version, runs in flight keep theirs. Default: 1. */
  readonly version?: number;
  /**
   * A run that fails goes back to where the failure began and on from there, what had succeeded being kept: attempts of the run as a
   * whole. Default: it fails at once.
   */
  readonly retry?: RetryPolicy;
  /** A run (its present link) that takes longer fails with `RUN_TIMEOUT`. Its retry policy does not repeat that. Default: none. */
  readonly timeout?: Duration;
  /** Finalizers and compensations that go on for longer after the end of the pipeline are not waited for. Default: 1 day. */
  readonly cleanUpLimit?: Duration;
}

/** A workflow's pipeline: from the input of the run (one value, then complete) to its outputs. */
export type Pipeline<I, O> = (input$: Observable<I>) => ObservableInput<O>;

/**
 * Defines a workflow: a name under which runs are recorded, and a pipeline. The run's result is the last value that the
 * pipeline emits.
 *
 * Whatever the pipeline does is repeated on replay, so it may bring in the outside world through durable operators only:
 * `activity`, `sideEffect`, `awaitSignal`, and RxJS's own time operators. It may use any RxJS operator, promises, and async
 * functions (`scoped`).
 *
 * @example
 * const greet = workflow('greet', (name$: Observable<string>) => name$.pipe(activity('fetch', fetchGreeting)));
 */
export function workflow<I, O>(name: string, definition: Pipeline<I, O>): WorkflowDefinition<I, O>;
export function workflow<I, O>(
  name: string,
  options: WorkflowOptions<I, O>,
  definition: Pipeline<I, O>,
): WorkflowDefinition<I, O>;
export function workflow<I, O>(
  name: string,
  ...rest: readonly [Pipeline<I, O>] | readonly [WorkflowOptions<I, O>, Pipeline<I, O>]
): WorkflowDefinition<I, O> {
  const [options, definition] = rest.length === 1 ? [{}, rest[0]] : rest;
  checkName('workflow', name);
  const version = options.version ?? 1;
  if (!Number.isInteger(version) || version < 1) {
    throw new EngineError(
      'INVALID_ARGUMENT',
      `the version of workflow "${name}" is a whole number from 1 on, not ${version}`,
    );
  }
  if (typeof definition !== 'function') {
    throw new EngineError(
      'INVALID_ARGUMENT',
      `workflow("${name}") needs its pipeline, a function, as the last argument`,
    );
  }
  return {
    name,
    version,
    input: codecOf(options.input),
    output: codecOf(options.output),
    limits: limitsOf(name, options),
    subscribe: (input, observer) => {
      const subscription = defer(() => definition(of(input))).subscribe(observer);
      return () => {
        subscription.unsubscribe();
      };
    },
  };
}

const defaultCleanUpLimit = '1 day';

const limitsOf = (
  name: string,
  {
    retry,
    timeout,
    cleanUpLimit = defaultCleanUpLimit,
  }: Pick<WorkflowOptions<never, never>, 'retry' | 'timeout' | 'cleanUpLimit'>,
): RunLimits => {
  if (retry) normalizeRetryPolicy(retry);
  return {
    ...(retry ? { retry } : {}),
    ...(timeout === undefined ? {} : { timeoutMs: duration(timeout, `timeout of workflow "${name}"`) }),
    cleanUpLimitMs: duration(cleanUpLimit, `cleanUpLimit of workflow "${name}"`),
  };
};
