import type { DeterminismError } from '../errors.js';
import type { RunEvent } from '../journal/event.js';
import type { RunCommit, SignalRecord } from '../journal/journal.js';
import type { Command } from './command.js';
import type { Note, Outcome } from './ready.js';

/** A run in memory, as its host sees it. */
export interface Execution {
  readonly runId: string;
  readonly link: number;
  readonly status: 'busy' | 'idle' | 'stopped';
  /** A completion of a launched command. It is recorded with the next commit, unless the command is cancelled by then. */
  arrive(command: Command, outcome: Outcome, recorded?: () => void): void;
  /** Bookkeeping about a launched command. */
  note(command: Command, note: Note, recorded?: () => void): void;
}

/** What an execution needs from whoever runs it: time, the journal, and somebody who does the work. */
export interface ExecutionHost {
  now(): number;
  readonly maxPayloadBytes: number;
  events(runId: string, link: number, from: number, limit: number): Promise<readonly RunEvent[]>;
  mailbox(runId: string): Promise<readonly SignalRecord[]>;
  /** Settles when the commit has returned. It never rejects: the host tries again, or stops the execution. */
  commit(commit: RunCommit): Promise<void>;
  /** Starts an activity or a side effect, or attaches to the one that is still in flight. */
  launch(execution: Execution, command: Command): void;
  /** Cancels what was launched. */
  abort(execution: Execution, command: Command): void;
  /** Something waits to be recorded: call `collect` in the next commit tick. */
  ready(execution: Execution): void;
  /** Nothing is to be done before a signal or `nextDue`. */
  idle(execution: Execution): void;
  /** Call `collect` at this instant. */
  arm(execution: Execution, due: number | undefined): void;
  blocked(execution: Execution, error: DeterminismError): void;
  ended(execution: Execution): void;
}
