import type { Observable } from 'rxjs';
import type { ActivityKind } from '../run/command.js';
import { recordedFailure } from '../run/failure-origin.js';
import type { WorkflowDefinition } from '../run/workflow.js';
import { digest } from '../values/digest.js';
import { limited, roundTrip } from '../values/codec.js';
import type { ActivityDefinition } from './activity-definition.js';
import { askNow, type ToCommand } from './ask.js';
import { toChild, type ChildOptions } from './child-workflow.js';
import { emitRecorded } from './recorded.js';

/**
 * The creation form of `activity` and `childWorkflow`: runs the activity, or starts the child, once for this input when subscribed to,
 * and emits what it emits. For `expand`, `defer`, `mergeMap` and the like; async bodies use the `execute` of their scope (`scoped`).
 *
 * Records each emission and the end. Errors: `ACTIVITY_FAILED`, `ACTIVITY_TIMEOUT`; of a child `CHILD_FAILED`, `CHILD_CANCELLED`,
 * `CHILD_TERMINATED`; and what the codecs refuse.
 *
 * @example
 * page$.pipe(expand((page) => page.next ? execute(fetchPage, page.next) : EMPTY))
 */
export function execute<I, O>(definition: ActivityDefinition<I, O>, input: I): Observable<O>;
export function execute<I, O>(definition: WorkflowDefinition<I, O>, input: I, options?: ChildOptions): Observable<O>;
export function execute<I, O>(
  definition: ActivityDefinition<I, O> | WorkflowDefinition<I, O>,
  input: I,
  options: ChildOptions = {},
): Observable<O> {
  return 'subscribe' in definition
    ? askNow(`childWorkflow("${definition.name}")`, toChild(definition, input, options))
    : askNow(`activity("${definition.name}")`, toActivity(definition, input));
}

/** The command that asks for one activity, or for something else that runs a function outside the turn. */
export const toActivity =
  <I, O>(definition: ActivityDefinition<I, O>, input: I, kind: ActivityKind = 'activity'): ToCommand<O> =>
  (run, subscriber) => {
    const encoded = roundTrip(limited(definition.input, run.maxPayloadBytes), input);
    const what = `${kind} "${definition.name}"`;
    return {
      kind,
      name: definition.name,
      digest: digest(encoded.text),
      // What has been checked and encoded by these codecs may forget its type: only they read it again.
      task: {
        input: encoded.value,
        run: definition.run,
        result: limited(definition.output, run.maxPayloadBytes),
        options: definition.options,
      },
      deliver: (event) => {
        if (event.type === 'activity-failed') {
          subscriber.error(recordedFailure(event));
        } else if (event.type === 'activity-emitted') {
          emitRecorded(run, what, definition.output, event.payload, subscriber);
        } else if (event.type === 'activity-completed') {
          if (event.payload !== undefined) emitRecorded(run, what, definition.output, event.payload, subscriber);
          subscriber.complete();
        }
      },
    };
  };
