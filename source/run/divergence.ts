import type { RunEvent } from '../journal/event.js';
import { DeterminismError } from '../errors.js';
import type { Command } from './command.js';

/** How many of the commands that the code asks for are listed in a difference. */
const listedCommands = 10;

const describeEvent = (event: RunEvent): string => {
  if ('key' in event) return `${event.type} of ${event.key}`;
  if (event.type === 'output-emitted') return `output ${event.index}`;
  return event.type;
};

const describeCommands = (commands: Iterable<Command>): string => {
  const keys = [...commands].map((command) => command.key);
  if (keys.length === 0) return 'nothing';
  const more = keys.length - listedCommands;
  return keys.slice(0, listedCommands).join(', ') + (more > 0 ? ` and ${more} more` : '');
};

/** The code no longer fits the journal: what the journal holds, what the code asks for, and the last step on which both agreed. */
export class DivergenceError extends DeterminismError {
  readonly seq: number;
  readonly expected: string;
  readonly found: string;
  readonly nearest: string;

  constructor(event: RunEvent, found: string, nearest: RunEvent | undefined, reason: string) {
    const expected = describeEvent(event);
    const agreed = nearest ? `${describeEvent(nearest)} (seq ${nearest.seq})` : 'the start';
    super(
      'DIVERGENCE',
      `the code no longer fits the journal at seq ${event.seq}: the journal holds ${expected}, ${reason}; ` +
        `the code asks for ${found}. Both agree up to ${agreed}. Nothing new was executed. ` +
        'Bring the code back to what this run has recorded (or branch by version), and the run goes on.',
    );
    this.seq = event.seq;
    this.expected = expected;
    this.found = found;
    this.nearest = agreed;
  }
}

export const unasked = (event: RunEvent, pending: Iterable<Command>, nearest: RunEvent | undefined): DivergenceError =>
  new DivergenceError(event, describeCommands(pending), nearest, 'which the code does not ask for here');

export const changedInput = (event: RunEvent, command: Command, nearest: RunEvent | undefined): DivergenceError =>
  new DivergenceError(
    event,
    `${command.key} with another input (digest ${command.spec.digest})`,
    nearest,
    `recorded with input digest ${'digest' in event ? event.digest : 'none'}`,
  );

export const changedKind = (event: RunEvent, command: Command, nearest: RunEvent | undefined): DivergenceError =>
  new DivergenceError(event, `${command.key}, a ${command.spec.kind}`, nearest, 'a record of another kind');

export const changedOutput = (event: RunEvent, found: string, nearest: RunEvent | undefined): DivergenceError =>
  new DivergenceError(event, found, nearest, 'emitted by the run before');

export const extraOutput = (event: RunEvent, index: number, nearest: RunEvent | undefined): DivergenceError =>
  new DivergenceError(event, `to emit output ${index} before it`, nearest, 'and no further output before it');

export const changedEnd = (event: RunEvent, found: string, nearest: RunEvent | undefined): DivergenceError =>
  new DivergenceError(event, found, nearest, 'the end of the run');

export const endedEarly = (event: RunEvent, nearest: RunEvent | undefined): DivergenceError =>
  new DivergenceError(event, 'the end of the run', nearest, 'after the place where the code ends the run');

/** A recorded value no longer fits the codec that reads it. */
export const unreadable = (what: string, cause: unknown): DeterminismError =>
  new DeterminismError(
    'DIVERGENCE',
    `the recorded value of ${what} no longer fits its codec: ${cause instanceof Error ? cause.message : String(cause)}. ` +
      'Make the codec accept what this run has recorded, and the run goes on.',
    { cause },
  );

/** A run has taken a branch that its code no longer has. */
export const versionOutOfRange = (change: string, version: number, min: number, max: number): DeterminismError =>
  new DeterminismError(
    'VERSION_OUT_OF_RANGE',
    `this run has taken version ${version} of "${change}"; the code knows ${min} to ${max}. Nothing new was executed. ` +
      'Keep the branch for as long as runs are on it, and the run goes on.',
  );
