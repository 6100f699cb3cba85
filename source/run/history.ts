import { DeterminismError } from '../errors.js';
import type { Bookkeeping, Delivery, RunEvent } from '../journal/event.js';
import type { SignalRecord } from '../journal/journal.js';
import { decodeFailure, messageOf } from '../values/failure.js';
import type { Command } from './command.js';
import type { End } from './compose.js';
import type { Commands } from './commands.js';
import { decide } from './decide.js';
import * as divergence from './divergence.js';
import type { Mailbox } from './mailbox.js';
import type { Outputs } from './outputs.js';

/** What an event comes to: a delivery, nothing, or the end of agreement between code and journal. */
export type Encounter =
  | { readonly command: Command; readonly delivery: RunEvent & Delivery; readonly last: boolean }
  | DeterminismError
  | undefined;

/** Holds the journal, event by event, against what the code asks for. */
export class History {
  readonly #commands: Commands;
  readonly #outputs: Outputs;
  readonly #mailbox: Mailbox;
  /** The last event on which code and journal agreed. */
  #nearest: RunEvent | undefined;

  constructor(commands: Commands, outputs: Outputs, mailbox: Mailbox) {
    this.#commands = commands;
    this.#outputs = outputs;
    this.#mailbox = mailbox;
  }

  /** `end` is how the code has ended the run, if it has. */
  meet(event: RunEvent, end: End | undefined): Encounter {
    const encounter = this.#meet(event, end);
    if (!(encounter instanceof DeterminismError)) this.#nearest = event;
    return encounter;
  }

  /** The code has ended the run, the journal goes on in a later batch. */
  endedEarly(event: RunEvent): DeterminismError {
    return divergence.endedEarly(event, this.#nearest);
  }

  #meet(event: RunEvent, end: End | undefined): Encounter {
    switch (event.type) {
      case 'started':
        return undefined;
      case 'run-completed':
      case 'run-failed':
        return this.#meetEnd(event, end);
      case 'output-emitted': {
        const found = this.#outputs.match(event);
        return found === undefined ? undefined : divergence.changedOutput(event, found, this.#nearest);
      }
      default:
        return this.#meetCommand(event);
    }
  }

  /** Only a run that is at its end has one: it is replayed to verify that the code still leads there. */
  #meetEnd(event: RunEvent & End, end: End | undefined): Encounter {
    const missing = this.#outputs.next;
    if (missing !== undefined) return divergence.extraOutput(event, missing, this.#nearest);
    const found = endText(end);
    return found === endText(event) ? undefined : divergence.changedEnd(event, found, this.#nearest);
  }

  #meetCommand(event: RunEvent & (Delivery | Bookkeeping)): Encounter {
    const missing = this.#outputs.unrecordedBefore(event.batch);
    if (missing !== undefined) return divergence.extraOutput(event, missing, this.#nearest);
    const verdict = decide(event, this.#commands.pending, this.#commands.cancelled);
    switch (verdict.type) {
      case 'deliver':
        return { command: verdict.command, delivery: event as RunEvent & Delivery, last: verdict.last };
      case 'note':
        verdict.command.progress = verdict.progress;
        verdict.command.intended = verdict.intended;
        return undefined;
      case 'skip':
        if (event.type === 'signal-received') this.#mailbox.giveBack(letterOf(event));
        return undefined;
      case 'unasked':
        return divergence.unasked(event, this.#commands.pending.values(), this.#nearest);
      case 'changed-input':
        return divergence.changedInput(event, verdict.command, this.#nearest);
      case 'changed-kind':
        return divergence.changedKind(event, verdict.command, this.#nearest);
    }
  }
}

/** An end in words, without the places in the code that lead there. */
const endText = (end: End | undefined): string => {
  if (!end) return 'no end yet';
  return end.type === 'run-completed'
    ? 'the completion of the run'
    : `to fail with ${messageOf(decodeFailure(end.payload))}`;
};

/** The letter of a consumption that was skipped. */
const letterOf = (event: RunEvent & { readonly type: 'signal-received' }): SignalRecord => ({
  id: event.index,
  name: event.key.slice('signal:'.length, event.key.lastIndexOf('#')),
  payload: event.payload,
  at: event.at,
});
