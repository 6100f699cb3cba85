import type { Observable } from 'rxjs';
import { decodeFailure } from '../values/failure.js';
import { digest } from '../values/digest.js';
import { limited, roundTrip } from '../values/codec.js';
import type { ActivityDefinition } from './activity-definition.js';
import { askNow, type ToCommand } from './ask.js';
import { emitRecorded } from './recorded.js';

/**
 * The creation form of `activity`: runs the activity once for this input when subscribed to, and emits what it emits. For
 * `expand`, `defer`, `mergeMap` and the like; async bodies use the `execute` of their scope (`scoped`).
 *
 * Records each emission and the end. Errors: `ACTIVITY_FAILED`, `ACTIVITY_TIMEOUT`, and what the codecs refuse.
 *
 * @example
 * page$.pipe(expand((page) => page.next ? execute(fetchPage, page.next) : EMPTY))
 */
export const execute = <I, O>(definition: ActivityDefinition<I, O>, input: I): Observable<O> =>
  askNow(`activity("${definition.name}")`, toActivity(definition, input));

/** The command that asks for one activity. */
export const toActivity =
  <I, O>(definition: ActivityDefinition<I, O>, input: I): ToCommand<O> =>
  (run, subscriber) => {
    const encoded = roundTrip(limited(definition.input, run.maxPayloadBytes), input);
    const what = `activity "${definition.name}"`;
    return {
      kind: 'activity',
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
          subscriber.error(decodeFailure(event.payload));
        } else if (event.type === 'activity-emitted') {
          emitRecorded(run, what, definition.output, event.payload, subscriber);
        } else if (event.type === 'activity-completed') {
          if (event.payload !== undefined) emitRecorded(run, what, definition.output, event.payload, subscriber);
          subscriber.complete();
        }
      },
    };
  };
