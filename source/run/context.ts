import { DeterminismError } from '../errors.js';
import type { CleanUpDone } from './clean-ups.js';
import type { Command, CommandSpec } from './command.js';
import type { Scope } from './scope.js';

/** A run as the operators see it, while they are subscribed. */
export interface RunContext {
  readonly runId: string;
  /** The run's logical clock: the instant of the event that is being delivered, ms since 1970. */
  readonly clock: number;
  readonly maxPayloadBytes: number;
  readonly priority: number;
  /** The part of the run whose turn it is. */
  readonly scope: Scope;
  /** Does something as that part of the run. */
  within<T>(scope: Scope, work: () => T): T;
  /** Asks for a command. It starts after this turn's event is committed and its whole batch delivered, or its record is delivered. */
  issue(spec: CommandSpec): Command;
  /** What unsubscribing means: a cancellation within a turn, nothing during the engine's own teardown, a fault otherwise. */
  cancel(command: Command): void;
  /**
   * Nobody waits for it any more, but its outcome matters: it becomes clean-up. One that has not been launched is cancelled instead: the
   * answer is whether there will be an outcome.
   */
  letFinish(command: Command, options: { readonly abort: boolean }): boolean;
  /** The `seq` of the event that is being delivered. */
  readonly seq: number;
  /** The identity of a saga within its link. */
  sagaKey(name: string): string;
  /** A saga that began in the turn of an event undoes its steps. */
  compensates(sagaKey: string, since: number): void;
  /** Begins something that outlives this part of the pipeline. The run ends after it. */
  cleanUp(begin: (done: CleanUpDone) => void): void;
  /** Whether this run's turn is on. If not, the run is blocked by a `NON_DETERMINISM` error that names the operator. */
  guard(operator: string): boolean;
  /** Whether something that is torn down now means anything: not at the engine's own teardown. */
  guardTeardown(operator: string): boolean;
  /** Stops the run without failing it: its code broke a rule of replay. */
  block(error: DeterminismError): void;
  /** Publishes an encoded value. */
  expose(name: string, payload: string): void;
  /** The version that was chosen for a change, if the pipeline may see it; `passed` when the run was there before the change. */
  versionOf(change: string): number | 'passed' | undefined;
  seeVersion(change: string, version: number): void;
  /** Ends this link with an encoded input for the next one. */
  continueAs(input: unknown, newest: boolean): void;
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
