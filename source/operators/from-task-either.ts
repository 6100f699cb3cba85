import { isLeft } from 'fp-ts/lib/Either.js';
import type { TaskEither } from 'fp-ts/lib/TaskEither.js';
import type { ActivityContext } from '../run/activity.js';

/**
 * An activity's function out of one that gives a `TaskEither`. `right` is its result; `left` fails the attempt, and once the retry policy gives up
 * it is, as it was, the `cause` of the `ActivityError`.
 *
 * @example
 * order$.pipe(
 *   activity('charge', fromTaskEither((order: Order) => chargeCard(order.card))), // chargeCard: Card => TaskEither<Declined, Charge>
 *   catchError((error: ActivityError) => of(error.cause)),
 * )
 */
export const fromTaskEither =
  <I, E, A>(
    fn: (input: I, context: ActivityContext<I>) => TaskEither<E, A>,
  ): ((input: I, context: ActivityContext<I>) => Promise<A>) =>
  async (input, context) => {
    const outcome = await fn(input, context)();
    // It is whatever the function gave, and recorded as that.
    // eslint-disable-next-line @typescript-eslint/only-throw-error
    if (isLeft(outcome)) throw outcome.left;
    return outcome.right;
  };
