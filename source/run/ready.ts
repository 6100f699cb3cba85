import TinyQueue from 'tinyqueue';
import type { Bookkeeping, Delivery } from '../journal/event.js';
import type { SignalRecord } from '../journal/journal.js';
import type { UserTransaction } from '../journal/statement.js';
import type { Command } from './command.js';
import { isFailure } from './decide.js';
import type { Mailbox } from './mailbox.js';

type OfCommand = 'key' | 'digest';
type Without<B, K extends PropertyKey> = B extends unknown ? Omit<B, K> : never;

/** A delivery or note whose command is known. */
export type Outcome = Without<Delivery, OfCommand>;
export type Note = Without<Bookkeeping, OfCommand>;

/** A completion that waits for its commit. */
export interface Ready {
  readonly command: Command;
  readonly outcome: Outcome;
  /** When it was due (a timer), published (a signal) or arrived. */
  readonly time: number;
  readonly signal?: SignalRecord;
  /** The id of the letter that told of it. */
  readonly letter?: number | undefined;
  /** What is run in the commit that records it. */
  readonly transaction?: UserTransaction | undefined;
  /** Called when it is recorded. */
  readonly recorded?: (() => void) | undefined;
}

interface Due {
  readonly due: number;
  readonly command: Command;
}

const isEndOfChild = ({ type }: Outcome): boolean => type === 'child-completed' || type === 'child-failed';
const isPending = ({ command }: Ready): boolean => command.state === 'pending';
const byDueThenIssue = (a: Due, b: Due): number => a.due - b.due || a.command.order - b.command.order;
const byTimeThenIssue = (a: Ready, b: Ready): number => a.time - b.time || a.command.order - b.command.order;
const isBehind = (ready: Ready, before: Ready | undefined): boolean =>
  before !== undefined && byTimeThenIssue(ready, before) > 0;
const isChoice = ({ command, outcome }: Ready): boolean =>
  command.state === 'pending' && outcome.type === 'version-chosen';

/**
 * What could be recorded next. Completions that are ready together are taken by due or arrival time, then by order of issue: with
 * the worker down from day 2 to 8, a signal of day 3 beats a timeout of day 7.
 */
export class ReadyQueue {
  readonly #mailbox: Mailbox;
  #timers = new TinyQueue<Due>([], byDueThenIssue);
  /** Made when it is asked for: few runs ever go back. */
  #rearmed: Map<Command, number> | undefined;
  /** Commands that wait for a signal, in the order of issue, by its name. */
  readonly #waits = new Map<string, Command[]>();
  #arrived: Ready[] = [];
  #lastArrival = -Infinity;

  constructor(mailbox: Mailbox) {
    this.#mailbox = mailbox;
  }

  /** Arrival times never go back, so that a stream's values keep their order when the wall clock is set back. */
  arrive(command: Command, outcome: Outcome, now: number, recorded?: () => void): void {
    this.#lastArrival = Math.max(this.#lastArrival, now);
    this.#arrived.push({ command, outcome, time: this.#lastArrival, recorded });
  }

  /**
   * What a child has written: its time is that of the child's own event, whenever it is read. An end takes the place of one that is not
   * recorded yet: the child has been sent back since. Answers with the letters that mean nothing any more.
   */
  arriveLetter(command: Command, outcome: Outcome, letter: SignalRecord): readonly number[] {
    const isReplaced = (ready: Ready): boolean => ready.command === command && isEndOfChild(ready.outcome);
    const replaced = isEndOfChild(outcome) ? this.#arrived.filter(isReplaced) : [];
    if (replaced.length > 0) this.#arrived = this.#arrived.filter((ready) => !isReplaced(ready));
    this.#arrived.push({ command, outcome, time: letter.at, letter: letter.id });
    return replaced.flatMap(({ letter: id }) => id ?? []);
  }

  /** What the commit itself carries out. */
  arriveTransaction(command: Command, transaction: UserTransaction, now: number): void {
    this.#arrived.push({ command, outcome: { type: 'transaction-committed', payload: '' }, time: now, transaction });
  }

  /** A choice is in the very next commit, whatever else is ready: a run without it has passed the place before there was one. */
  arriveFirst(command: Command, outcome: Outcome): void {
    this.#arrived.push({ command, outcome, time: -Infinity });
  }

  awaitTimer(command: Command, due: number): void {
    this.#timers.push({ due, command });
  }

  /** The timer is armed anew; an earlier instant no longer counts. */
  rearm(command: Command, due: number): void {
    this.#rearmed ??= new Map();
    if (this.#rearmed.get(command) === due) return;
    this.#rearmed.set(command, due);
    this.#timers.push({ due, command });
  }

  /** Timers and signals that nobody waits for any more. */
  forgetWaits(isForgotten: (command: Command) => boolean): void {
    const kept = this.#timers.data.filter(({ command }) => !isForgotten(command));
    this.#timers = new TinyQueue<Due>(kept, byDueThenIssue);
    for (const [name, waits] of this.#waits) {
      const left = waits.filter((command) => !isForgotten(command));
      if (left.length > 0) this.#waits.set(name, left);
      else this.#waits.delete(name);
    }
  }

  awaitSignal(command: Command): void {
    const waits = this.#waits.get(command.spec.name);
    if (waits) waits.push(command);
    else this.#waits.set(command.spec.name, [command]);
  }

  /** Whether somebody waits for a signal of this name. */
  awaits(name: string): boolean {
    return this.#waits.get(name)?.some((wait) => wait.state === 'pending') === true;
  }

  /** The earliest instant at which a pending timer is due. */
  nextDue(): number | undefined {
    for (let next = this.#timers.peek(); next; next = this.#timers.peek()) {
      const isArmed = (this.#rearmed?.get(next.command) ?? next.due) === next.due;
      if (next.command.state === 'pending' && isArmed) return next.due;
      this.#timers.pop();
    }
    return undefined;
  }

  /** Whether an outcome waits to be recorded. */
  get hasArrived(): boolean {
    return this.#arrived.some(isPending);
  }

  /** Removes and returns the outcomes that wait to be recorded, and nothing that time or others bring. */
  takeOutcomes(): Ready[] {
    return this.#takeArrived(undefined).sort(byTimeThenIssue);
  }

  /** The same for a run that holds: what others have written to it stays in the database until it is replayed. */
  takeOwnOutcomes(): Ready[] {
    return this.takeOutcomes().filter(({ letter }) => letter === undefined);
  }

  /** Removes and returns what has to be in the very next commit. */
  takeChoices(): Ready[] {
    const choices = this.#arrived.filter(isChoice);
    this.#arrived = this.#arrived.filter((ready) => !isChoice(ready));
    return choices;
  }

  /** Removes and returns the failures of some commands. */
  takeFailures(isTaken: (command: Command) => boolean): readonly Ready[] {
    const fits = ({ command, outcome }: Ready): boolean => isFailure(outcome) && isTaken(command);
    const failures = this.#arrived.filter(fits);
    if (failures.length > 0) this.#arrived = this.#arrived.filter((ready) => !fits(ready));
    return failures;
  }

  /** Whether `take` would give something. */
  hasReady(now: number): boolean {
    if (this.hasArrived) return true;
    if ((this.nextDue() ?? Infinity) <= now) return true;
    for (const name of this.#waits.keys()) if (this.#mailbox.has(name) && this.awaits(name)) return true;
    return false;
  }

  /**
   * Removes and returns what is to be recorded next, in order. A timer that is overdue closes the batch: its turn happens at the
   * instant at which it was due and may ask for another timer that is due before whatever else is ready. So the ticks of an
   * `interval` that a restart has missed come before the timeout that would have ended it. So do choices, whose turns take no time.
   */
  take(now: number): Ready[] {
    if (this.#arrived.some(isChoice)) return this.takeChoices();
    if (this.#timers.length === 0 && this.#waits.size === 0) return this.#takeArrivedOnly();
    const timers = this.#takeTimers(now);
    const [first] = timers;
    const taken = this.#takeArrived(first);
    this.#takeSignals(taken, first);
    if (taken.length > 1) taken.sort(byTimeThenIssue);
    return [...taken, ...timers];
  }

  /** Neither time nor others bring anything: as a rule a run waits for its activities alone. */
  #takeArrivedOnly(): Ready[] {
    const arrived = this.#arrived;
    this.#arrived = [];
    const taken = arrived.every(isPending) ? arrived : arrived.filter(isPending);
    if (taken.length > 1) taken.sort(byTimeThenIssue);
    return taken;
  }

  /** The timers of the earliest instant that has come. */
  #takeTimers(now: number): Ready[] {
    const taken: Ready[] = [];
    const due = this.nextDue();
    if (due === undefined || due > now) return taken;
    while (this.nextDue() === due) {
      const timer = this.#timers.pop();
      if (timer) taken.push({ command: timer.command, outcome: { type: 'timer-fired', index: due }, time: due });
    }
    return taken;
  }

  #takeArrived(before: Ready | undefined): Ready[] {
    const taken: Ready[] = [];
    const left: Ready[] = [];
    for (const ready of this.#arrived) {
      if (ready.command.state !== 'pending') continue;
      if (isBehind(ready, before)) left.push(ready);
      else taken.push(ready);
    }
    this.#arrived = left;
    return taken;
  }

  /**
   * One letter of each name: the batch may cancel the wait that has taken it, and the next wait must not get a later letter before
   * it has gone back.
   */
  #takeSignals(taken: Ready[], before: Ready | undefined): void {
    for (const [name, waits] of this.#waits) {
      let isTaken = false;
      const left = waits.filter((command) => {
        if (command.state !== 'pending') return false;
        const signal = isTaken ? undefined : this.#mailbox.head(name);
        if (!signal) return true;
        const outcome: Outcome = { type: 'signal-received', index: signal.id, payload: signal.payload };
        const ready: Ready = { command, outcome, time: signal.at, signal };
        if (isBehind(ready, before)) return true;
        this.#mailbox.take(name);
        taken.push(ready);
        isTaken = true;
        return false;
      });
      if (left.length > 0) this.#waits.set(name, left);
      else this.#waits.delete(name);
    }
  }
}
