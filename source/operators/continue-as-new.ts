import { Observable } from 'rxjs';
import { requireRun } from '../run/context.js';

export interface ContinueOptions {
  /** `same` (default): a run in flight keeps its version. `newest`: the next link takes the newest that is registered. */
  readonly version?: 'same' | 'newest';
}

/**
 * Ends this journal and starts the next one, with another input, under the same id and in the same commit. For workflows that go on
 * for ever: what is recorded stays bounded. Signals that were not consumed move along; `result()` and the observables of the run
 * follow the chain.
 *
 * It emits nothing. Whatever else the pipeline is doing is unsubscribed from: activities are cancelled, children get their `onClose`,
 * finalizers and compensations run before the next link begins.
 *
 * Records the end of the link and the start of the next. Errors: an input that the workflow's codec refuses (`DECODE_FAILED`,
 * `INVALID_VALUE`, `PAYLOAD_TOO_LARGE`), in the pipeline: nothing has ended then.
 *
 * @example
 * state$.pipe(activity('poll', poll), delay('1 minute'), mergeMap((state) => (state.done ? of(state) : continueAsNew(state))))
 */
export const continueAsNew = (input: unknown, { version = 'same' }: ContinueOptions = {}): Observable<never> =>
  new Observable<never>(() => {
    const run = requireRun('continueAsNew');
    if (run.guard('continueAsNew')) run.continueAs(input, version === 'newest');
  });
