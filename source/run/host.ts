import type { DeterminismError } from '../errors.js';
import type { RunEvent } from '../journal/event.js';
import type { Journal, RunCommit } from '../journal/journal.js';
import type { Command } from './command.js';
import type { Note, Outcome } from './ready.js';

/** A run in memory, as its host sees it. */
export interface Execution {
  readonly runId: string;
  readonly link: number;
  readonly status: 'busy' | 'idle' | 'stopped';
  /** Whether attempts may begin: not while the run is paused. */
  readonly launches: boolean;
  /** A completion of a launched command. It is recorded with the next commit, unless the command is cancelled by then. */
  arrive(command: Command, outcome: Outcome, recorded?: () => void): void;
  /** Bookkeeping about a launched command. */
  note(command: Command, note: Note, recorded?: () => void): void;
  /** A launched command is not in flight any more, though it has no outcome: the run is paused. */
  released(command: Command): void;
}

/** What an execution needs from whoever runs it: time, the journal, and somebody who does the work. */
export interface ExecutionHost {
  now(): number;
  readonly maxPayloadBytes: number;
  readonly journal: Pick<Journal, 'events' | 'inbox'>;
  /** Settles when the commit has returned, with the events as written. It never rejects: the host tries again, or stops the execution. */
  commit(commit: RunCommit): Promise<readonly RunEvent[]>;
  /** Starts an activity or a side effect, or attaches to the one that is still in flight. */
  launch(execution: Execution, command: Command): void;
  /** Cancels what was launched. */
  abort(execution: Execution, command: Command): void;
  /** Says to what was launched that nobody waits for it: its outcome counts all the same. */
  soften(execution: Execution, command: Command): void;
  /** The newest version of a workflow that is registered, or the one at hand. */
  newest(workflow: string, atHand: number): number;
  random(): number;
  /** A run that this one has started is in the database. */
  started(runId: string): void;
  /** Something waits to be recorded: call `collect` in the next commit tick. */
  ready(execution: Execution): void;
  /** Nothing is to be done before a signal or `nextDue`. */
  idle(execution: Execution): void;
  /** Call `collect` at this instant. */
  arm(execution: Execution, due: number | undefined): void;
  blocked(execution: Execution, error: DeterminismError): void;
  ended(execution: Execution): void;
  /** The link has ended, and the next one is in the database. */
  continued(execution: Execution): void;
  /** The run is to be replayed from the journal, in place of this execution. */
  restart(execution: Execution): void;
}
