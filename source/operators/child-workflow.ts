import type { OperatorFunction } from 'rxjs';
import { EngineError } from '../errors.js';
import type { ClosePolicy } from '../run/command.js';
import { recordedFailure } from '../run/failure-origin.js';
import type { WorkflowDefinition } from '../run/workflow.js';
import { limited } from '../values/codec.js';
import { digest } from '../values/digest.js';
import { ask, eachInRun, type ToCommand } from './ask.js';
import { emitRecorded } from './recorded.js';

export interface ChildOptions {
  /**
   * What becomes of the child when nobody listens to it any more, because the pipeline unsubscribed from it or its parent is at its end:
   * `cancel` (default: it cleans up), `terminate` (it does not), `abandon` (it goes on alone).
   */
  readonly onClose?: ClosePolicy;
  /** For `list` and `runs$`. */
  readonly tags?: Readonly<Record<string, string>>;
  /** Higher first. Default: that of the parent. */
  readonly priority?: number;
}

export interface ChildWorkflowOptions extends ChildOptions {
  /** How many children are at work at once. 1 (default) keeps the order of the values, more merges what they emit as it comes. */
  readonly concurrency?: number;
}

/**
 * Starts a child workflow for each value, and emits what it emits. A child is a run of its own (its id is made of the parent's id and
 * the step key, `order-a/0/child:shipping#0`): it has its own journal, retries and versions, and takes the newest registered version.
 *
 * ```
 * source    --a-----b-----|
 *           childWorkflow(w)         one child for a; one for b once a's is at its end
 * output    ----1-2----3---|         each output of a child is in the parent's journal before it is emitted
 * ```
 *
 * 1. The child is stored in the very commit that records its start: a crash shows both or neither.
 * 2. What it emits, and its end, come as letters in the commit of the child itself, and are recorded as events of the parent.
 * 3. Unsubscribing (the loser of a `race`, a `timeout`, a `switchMap` that moves on) carries out `onClose`, and so does the parent's end.
 * 4. When a failed parent is retried, a child that failed goes on from where it failed: what had succeeded in it is kept.
 *
 * Records the start, each emission, the end. Errors: `CHILD_FAILED` (its `cause` is the child's error), `CHILD_CANCELLED`,
 * `CHILD_TERMINATED`; an input that its codec refuses (`DECODE_FAILED`, `INVALID_VALUE`) before anything is started.
 *
 * @example
 * order$.pipe(mergeMap(({ items }) => from(items)), childWorkflow(shipItem, { concurrency: 10 }))
 */
export const childWorkflow = <I, O>(
  definition: WorkflowDefinition<I, O>,
  options: ChildWorkflowOptions = {},
): OperatorFunction<I, O> => {
  const { concurrency = 1 } = options;
  const operator = `childWorkflow("${definition.name}")`;
  if (concurrency !== Infinity && (!Number.isInteger(concurrency) || concurrency < 1)) {
    throw new EngineError(
      'INVALID_ARGUMENT',
      `${operator}: concurrency is a whole number from 1 on, not ${concurrency}`,
    );
  }
  return eachInRun(operator, concurrency, (run, value) => ask(run, operator, toChild(definition, value, options)));
};

const policies: readonly unknown[] = ['cancel', 'terminate', 'abandon'] satisfies readonly ClosePolicy[];

/** The command that asks for one child. */
export const toChild = <I, O>(
  definition: WorkflowDefinition<I, O>,
  input: I,
  { onClose = 'cancel', tags = {}, priority }: ChildOptions,
): ToCommand<O> => {
  const { name, version } = definition;
  if (!policies.includes(onClose)) {
    throw new EngineError(
      'INVALID_ARGUMENT',
      `onClose of child "${name}" is cancel, terminate or abandon, not ${onClose as string}`,
    );
  }
  return (run, subscriber) => {
    const encoded = limited(definition.input, run.maxPayloadBytes).encode(input);
    return {
      kind: 'child',
      name,
      digest: digest(encoded),
      child: { workflow: name, version, input: encoded, tags, priority, onClose },
      deliver: (event) => {
        if (event.type === 'child-failed') subscriber.error(recordedFailure(event));
        else if (event.type === 'child-completed') subscriber.complete();
        else if (event.type === 'child-emitted') {
          emitRecorded(run, `child "${name}"`, definition.output, event.payload, subscriber);
        }
      },
    };
  };
};
