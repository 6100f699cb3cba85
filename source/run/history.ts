import { DeterminismError } from '../errors.js';
import { isEnd, type Bookkeeping, type Delivery, type End, type RunEvent } from '../journal/event.js';
import type { SignalRecord } from '../journal/journal.js';
import { decodeFailure, messageOf } from '../values/failure.js';
import type { Children } from './children.js';
import type { Command } from './command.js';
import type { Commands } from './commands.js';
import { decide, isFailure } from './decide.js';
import * as divergence from './divergence.js';
import type { Mailbox } from './mailbox.js';
import type { LiveContext } from './live-context.js';
import type { Outputs } from './outputs.js';
import { keepsSuccess, type Cut } from './rewinds.js';
import { cleanUpScope } from './scope.js';

/** What an event comes to: a delivery, nothing, or the end of agreement between code and journal. */
export type Encounter =
  | { readonly command: Command; readonly delivery: RunEvent & Delivery; readonly last: boolean }
  | DeterminismError
  | undefined;

/** Holds the journal, event by event, against what the code asks for. */
export class History {
  readonly #run: LiveContext;
  readonly #commands: Commands;
  readonly #outputs: Outputs;
  readonly #mailbox: Mailbox;
  readonly #children: Children;
  /** The last event on which code and journal agreed. */
  #nearest: RunEvent | undefined;

  constructor(run: LiveContext, children: Children) {
    this.#run = run;
    this.#commands = run.commands;
    this.#outputs = run.outputs;
    this.#mailbox = run.mailbox;
    this.#children = children;
  }

  /** `end` is how the code has ended the run, if it has. */
  meet(event: RunEvent, end: End | undefined): Encounter {
    this.#answered(event);
    const encounter = this.#meet(event, end);
    if (!(encounter instanceof DeterminismError)) this.#nearest = event;
    return encounter;
  }

  /** The code has ended the run, the journal goes on in a later batch. */
  endedEarly(event: RunEvent): DeterminismError {
    return divergence.endedEarly(event, this.#nearest);
  }

  /** Not in a part that no longer counts: there it has to be said once more. */
  #answered(event: RunEvent): void {
    if (event.type === 'version-chosen') this.#run.versions.answered(event.key);
  }

  /** Nobody waits for it any more: a signal is there again. */
  skip(event: RunEvent): void {
    if (event.type === 'signal-received') this.#mailbox.giveBack(letterOf(event));
  }

  #meet(event: RunEvent, end: End | undefined): Encounter {
    if ('key' in event) return this.#meetCommand(event);
    if (event.type === 'output-emitted') {
      const found = this.#outputs.match(event);
      return found === undefined ? undefined : divergence.changedOutput(event, found, this.#nearest);
    }
    if (event.type === 'saga-compensated') this.#run.compensated.met(event);
    // Whoever terminated the run did not ask its code.
    return isEnd(event) && event.type !== 'run-terminated' ? this.#meetEnd(event, end) : undefined;
  }

  /**
   * An event of a part in which a saga ran that a retry has begun anew: what the code does not ask for any more is passed over, and what
   * was consumed for it is there again.
   */
  meetLenient(event: RunEvent): Encounter {
    this.#answered(event);
    if (event.type === 'output-emitted') {
      this.#outputs.match(event);
      return undefined;
    }
    if (!('key' in event)) return this.#meet(event, undefined);
    const verdict = decide(event, this.#commands.pending, this.#commands.cancelled);
    const isAsked = (verdict.type === 'deliver' || verdict.type === 'note') && verdict.command.epoch === event.epoch;
    if (!isAsked) {
      this.skip(event);
      return undefined;
    }
    if (verdict.type === 'note') Object.assign(verdict.command, verdict.changes);
    return verdict.type === 'deliver'
      ? { command: verdict.command, delivery: event as RunEvent & Delivery, last: verdict.last }
      : undefined;
  }

  /**
   * An event that no longer counts. The successes of commands that had been issued before count all the same; whatever else was consumed
   * is there again.
   */
  meetCut(event: RunEvent, cut: Cut): Encounter {
    if (event.type === 'output-emitted') {
      // A turn that counts may have emitted it.
      this.#outputs.match(event);
      return undefined;
    }
    if (event.type === 'saga-compensated') this.#run.compensated.met(event);
    if (!('key' in event)) return undefined;
    const verdict = decide(event, this.#commands.pending, this.#commands.cancelled);
    const command = verdict.type === 'deliver' || verdict.type === 'note' ? verdict.command : undefined;
    const keeps = keepsSuccess(cut, event.seq);
    if (!command || command.epoch !== event.epoch || !keeps) {
      this.skip(event);
      // A rewind has closed it with its own commit; a retry keeps children, but for those that only what it has dropped asked for.
      if (event.type === 'child-started' && keeps) this.#children.orphan(event);
      if (command?.spec.kind === 'child' && command.epoch === event.epoch) {
        // Its id is taken by the child that was started here.
        if (event.type === 'child-started' && verdict.type === 'note') Object.assign(command, verdict.changes);
        this.#children.replace(command);
      }
      return undefined;
    }
    // A step that its saga was only waiting for to undo it has come to nothing, and that is all that was asked.
    if (isFailure(event) && !isLetFinish(command)) {
      // The budget of its attempts begins anew.
      const { retryAt: _, ...progress } = command.progress;
      command.progress = { ...progress, attempts: 0 };
      if (event.type === 'child-failed') this.#children.revive(command, event.payload);
      return undefined;
    }
    this.#answered(event);
    // It has the whole time once more.
    if (command === this.#run.timeout) return undefined;
    if (event.type === 'child-closed') {
      this.#children.replace(command);
      return undefined;
    }
    if (verdict.type === 'note') Object.assign(command, verdict.changes);
    return verdict.type === 'deliver'
      ? { command, delivery: event as RunEvent & Delivery, last: verdict.last }
      : undefined;
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
        Object.assign(verdict.command, verdict.changes);
        return undefined;
      case 'skip':
        this.skip(event);
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
  switch (end?.type) {
    case undefined:
      return 'no end yet';
    case 'run-completed':
      return 'the completion of the run';
    case 'run-failed':
      return `to fail with ${messageOf(decodeFailure(end.payload))}`;
    case 'run-cancelled':
      return 'to be cancelled';
    case 'run-terminated':
      return 'to be terminated';
    case 'run-continued':
      return `to continue with ${end.payload}`;
  }
};

const isLetFinish = ({ spec, scope }: Command): boolean => spec.kind === 'step' && scope === cleanUpScope;

/** The letter of a consumption that was skipped. */
const letterOf = (event: RunEvent & { readonly type: 'signal-received' }): SignalRecord => ({
  id: event.index,
  name: event.key.slice('signal:'.length, event.key.lastIndexOf('#')),
  payload: event.payload,
  at: event.at,
});
