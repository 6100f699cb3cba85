import { Observable } from 'rxjs';
import type { ActivityContext } from '../run/activity.js';
import type { Duration } from '../values/duration.js';
import { tell, type MarbleMessage } from './marble-text.js';

/** What a stand-in for an activity is told: all that the activity would be, and virtual time. */
export interface StubContext extends ActivityContext {
  /**
   * Lets virtual time pass, counted from the first execution of this attempt: one that is repeated after a crash ends when the first
   * would have ended, as the outside world does.
   */
  readonly after: (length: Duration) => Promise<void>;
  /** How often its failure had been dropped by a retry of its run. */
  readonly dropped: number;
}

/** Stands for an activity in a test. It may return whatever an activity may: a value, a promise, a stream. */
export type Stub = (input: never, context: StubContext) => unknown;

/** Stand-ins by the name of the activity. */
export type Stubs = Readonly<Record<string, Stub>>;

/**
 * A stand-in that takes a time.
 *
 * @example
 * const world = { activities: { charge: takes('2 seconds', (order: Order) => ({ ...order, charge: 'ch_1' })) } };
 */
export const takes =
  <I, R>(
    length: Duration,
    outcome: (input: I, context: StubContext) => R | PromiseLike<R>,
  ): ((input: I, context: StubContext) => Promise<R>) =>
  (input, context) =>
    context.after(length).then(() => outcome(input, context));

/**
 * A stand-in whose first attempts fail, with the error that is made for each of them (from 1).
 *
 * @example
 * const world = { activities: { charge: fails(2, () => new Error('busy'), (order: Order) => 'ch_1') } };
 */
export const fails =
  <I, R>(attempts: number, error: (attempt: number) => unknown, outcome: (input: I, context: StubContext) => R) =>
  (input: I, context: StubContext): R => {
    if (context.attempt <= attempts) throw error(context.attempt);
    return outcome(input, context);
  };

/**
 * A stand-in that emits a marble diagram from its beginning on. One value with its completion, `--(a|)`, is the result of a function;
 * `#` is a failed attempt.
 */
export const emits =
  (messages: readonly MarbleMessage[]) =>
  (_: never, context: StubContext): unknown => {
    const [first, second] = messages;
    if (first?.kind === 'N' && second?.kind === 'C' && first.frame === second.frame) {
      return context.after(first.frame).then(() => first.value);
    }
    return new Observable((subscriber) => {
      for (const message of messages) {
        void context.after(message.frame).then(() => {
          tell(subscriber, message);
        });
      }
    });
  };
