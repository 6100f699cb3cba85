import { DeterminismError } from '../errors.js';
import type { Command, CommandSpec } from './command.js';

/** A run as the operators see it, while they are subscribed. */
export interface RunContext {
  readonly runId: string;
  /** The run's logical clock: the instant of the event that is being delivered, ms since 1970. */
  readonly clock: number;
  readonly maxPayloadBytes: number;
  /** Asks for a command. It starts after this turn's event is committed and its whole batch delivered, or its record is delivered. */
  issue(spec: CommandSpec): Command;
  /** What unsubscribing means: a cancellation within a turn, nothing during the engine's own teardown, a fault otherwise. */
  cancel(command: Command): void;
  /** Whether this run's turn is on. If not, the run is blocked by a `NON_DETERMINISM` error that names the operator. */
  guard(operator: string): boolean;
  /** Stops the run without failing it: its code broke a rule of replay. */
  block(error: DeterminismError): void;
}

let current: RunContext | undefined;

/** The run whose turn it is. */
export const currentRun = (): RunContext | undefined => current;

/** Called by the turn loop only. */
export const enterRun = (run: RunContext | undefined): void => {
  current = run;
};

/** The run whose turn it is; `NOT_IN_WORKFLOW` when there is none. */
export const requireRun = (operator: string): RunContext => {
  if (current) return current;
  throw new DeterminismError(
    'NOT_IN_WORKFLOW',
    `${operator} was used where no run's turn is on. Durable operators work inside a workflow's pipeline only: ` +
      'subscribe to them from the function given to workflow(…), and bring outside events in through a signal or an activity.',
  );
};
