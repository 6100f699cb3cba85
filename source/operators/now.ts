import { requireRun } from '../run/context.js';

/**
 * The run's time, ms since 1970: the instant of the event that is being delivered, the same again on every replay. Inside a turn
 * `Date.now()` and `asyncScheduler.now()` give it, too; `new Date()` does not: write `new Date(now())`.
 *
 * Errors: `NOT_IN_WORKFLOW` when no run's turn is on.
 */
export const now = (): number => requireRun('now()').clock;
