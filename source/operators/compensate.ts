import { concat, defer, type Observable } from 'rxjs';
import { requireRun } from '../run/context.js';
import { checkName } from './activity-definition.js';
import { completedSagasOf } from './saga-scope.js';

/**
 * Undoes the sagas of this name that have completed in this run, the last one first, each step in reverse. Emits nothing, and completes
 * when everything is undone. A saga that has been compensated is passed over, so that asking twice does nothing.
 *
 * Records each compensation. Errors: `COMPENSATION_FAILED`, with the `errors` of the compensations that gave up; the others have run.
 *
 * @example
 * order$.pipe(
 *   saga('checkout', step('reserve', reserve, release), step('charge', charge, refund)),
 *   activity('ship', ship),
 *   catchError((error) => concat(compensate('checkout'), throwError(() => error))),
 * )
 */
export const compensate = (name: string): Observable<never> => {
  checkName('saga', name);
  return defer(() => {
    const run = requireRun(`compensate("${name}")`);
    const sagas = [...completedSagasOf(run, name)].reverse();
    return concat(...sagas.map((saga) => defer(() => saga.undo())));
  });
};
