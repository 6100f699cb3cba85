import { EMPTY, Observable, type OperatorFunction } from 'rxjs';
import { ActivityError, DeterminismError, EngineError } from '../errors.js';
import type { ActivityContext, ActivityFunction, ActivityObject, Emitted, ExecutionOptions } from '../run/activity.js';
import type { Command } from '../run/command.js';
import type { RunContext } from '../run/context.js';
import type { Codec } from '../values/codec.js';
import { decodeFailure } from '../values/failure.js';
import { defineActivity, type ActivityDefinition, type ActivityOptions } from './activity-definition.js';
import { ask, eachInRun } from './ask.js';
import { toActivity } from './execute.js';
import { SagaScope } from './saga-scope.js';

/** What a compensation is about. */
export interface Effect<I, O> {
  readonly result: O;
  readonly input: I;
}

/** Undoes a step that has taken effect: given what the step gave and what it was given. */
export type Compensation<I, O> = (result: O, input: I, context: ActivityContext<Effect<I, O>>) => unknown;

export interface StepOptions<I, O> extends Omit<ActivityOptions<I, O>, 'concurrency'> {
  /** Retries and timeouts of the compensation. Default: those of any activity. */
  readonly compensation?: ExecutionOptions;
}

/**
 * A step of a saga: an activity, and how it is undone. To be used within `saga(…)`, in its list of operators or in an inner pipeline.
 *
 * The idempotency key of the compensation is not that of the step. A step without a compensation has nothing to undo. One whose result cannot be
 * recorded (`RESULT_UNRECORDABLE`) makes its saga fail and is compensated with the others: it has taken effect. Its compensation gets
 * `undefined` for the result.
 *
 * Records as an activity, under the name `saga/step`. Errors: as `activity`; a step outside a saga blocks its run with `NOT_IN_SAGA`.
 *
 * @example
 * step('charge', (order, { idempotencyKey }) => payments.charge(order, idempotencyKey), (charge) => payments.refund(charge.id), {
 *   retry: { maxAttempts: 5 },
 *   compensation: { retry: { maxAttempts: 100 } },
 * })
 */
export const step = <I, R>(
  name: string,
  transaction: ActivityFunction<I, R> | ActivityObject<I, R>,
  compensation?: Compensation<I, Emitted<R>>,
  options: StepOptions<I, Emitted<R>> = {},
): OperatorFunction<I, Emitted<R>> => {
  const { compensation: undoOptions = {}, ...execution } = options;
  const definition: ActivityDefinition<I, Emitted<R>> = defineActivity<I, R>(
    name,
    execution,
    callable(name, transaction),
  );
  const undo: ActivityFunction<Effect<I, Emitted<R>>, unknown> = (effect, context) =>
    compensation?.(effect.result, effect.input, context);
  const undoing = defineActivity<Effect<I, Emitted<R>>, unknown>(name, undoOptions, undo);
  return eachInRun(`step("${name}")`, 1, (run, value) => {
    const { saga } = run.scope;
    if (saga instanceof SagaScope) return performed(run, saga, definition, compensation && undoing, value);
    run.block(outsideSaga(name));
    return EMPTY;
  });
};

const performed = <I, O>(
  run: RunContext,
  saga: SagaScope,
  definition: ActivityDefinition<I, O>,
  undoing: ActivityDefinition<Effect<I, O>, unknown> | undefined,
  input: I,
): Observable<O> => {
  const name = `${saga.name}/${definition.name}`;
  const operator = `step("${name}")`;
  const undoOf = (undoes: Command, payload: string | undefined): (() => Observable<unknown>) | undefined => {
    if (!undoing) return undefined;
    const codec = effectCodec(definition, payload);
    const effect = codec.decode(definition.input.encode(input));
    const toCompensation = toActivity({ ...undoing, name, input: codec }, effect, 'compensation');
    return () => ask(run, operator, (...to) => ({ ...toCompensation(...to), undoes }));
  };
  return new Observable<O>((subscriber) => {
    if (!run.guard(operator)) return undefined;
    const spec = toActivity({ ...definition, name }, input, 'step')(run, subscriber);
    const command = run.issue({
      ...spec,
      deliver: (event) => {
        if (event.type === 'activity-completed')
          saga.took(command, undoOf(command, event.payload ?? command.progress.last));
        else if (event.type === 'activity-failed') {
          if (hasHappened(event.payload)) saga.took(command, undoOf(command, undefined));
          else saga.ended(command);
        }
        spec.deliver(event);
      },
    });
    saga.began(command);
    return () => {
      saga.left(command);
    };
  });
};

/** What a compensation is told passes through the codecs of its step, as it did when it came about. */
const effectCodec = <I, O>(
  { input: codec, output }: ActivityDefinition<I, O>,
  payload: string | undefined,
): Codec<Effect<I, O>> => ({
  encode: ({ input }) => codec.encode(input),
  decode: (text) => ({
    // A stream that emitted nothing has no result, nor has a step whose result could not be recorded.
    result: (payload === undefined ? undefined : output.decode(payload)) as O,
    input: codec.decode(text),
  }),
});

/** Only its result could not be written down. */
const hasHappened = (failure: string): boolean => {
  const error = decodeFailure(failure);
  return error instanceof ActivityError && error.code === 'RESULT_UNRECORDABLE';
};

const callable = <F>(name: string, fn: F): F => {
  if (typeof fn === 'function' || (typeof fn === 'object' && fn !== null && 'run' in fn)) return fn;
  throw new EngineError(
    'INVALID_ARGUMENT',
    `step("${name}") needs a function or an object with a run method as its second argument, not ${typeof fn}`,
  );
};

const outsideSaga = (name: string): DeterminismError =>
  new DeterminismError(
    'NOT_IN_SAGA',
    `step("${name}") was used outside a saga, where nothing would ever undo it. Put it into saga(…), or use activity(…)`,
  );
