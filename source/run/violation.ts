import { DeterminismError } from '../errors.js';

/** Foreign code reached into a run outside its turn. */
export const outsideTurn = (operator: string, runId: string): DeterminismError =>
  new DeterminismError(
    'NON_DETERMINISM',
    `${operator} happened outside the turn of run ${runId}: something that is not recorded reached into its pipeline ` +
      '(a promise or fetch that is not in an activity, a DOM or process event, a Subject shared with other code, a native timer). ' +
      'A replay could not repeat it. Wrap the work in activity(…), bring the event in with a signal, use asyncScheduler for time.',
  );
