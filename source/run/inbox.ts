import type { Journal, Letter, SignalRecord } from '../journal/journal.js';
import type { RunRecord } from '../journal/run-record.js';
import type { AfterEnd } from './after-end.js';
import type { Children } from './children.js';
import { controlOf, type Control } from './control.js';
import { decisionOn, nothing, retry, type Decision, type Holds, type Standing } from './decision.js';
import type { LiveContext } from './live-context.js';

/** What others have written to a run: its children, and whoever asks something of it. */
export class RunInbox {
  readonly #record: RunRecord;
  readonly #run: LiveContext;
  readonly #children: Children;
  readonly #after: AfterEnd;
  /** A letter comes from the database and by the notice of its arrival. */
  readonly #known = new Set<number>();
  #letters: Letter[] = [];
  /** Letters that mean nothing any more; they are consumed with the next commit. */
  #discarded: number[] = [];

  constructor(record: RunRecord, run: LiveContext, children: Children, after: AfterEnd) {
    this.#record = record;
    this.#run = run;
    this.#children = children;
    this.#after = after;
  }

  /** Answers whether it is new. */
  arrive(letter: Letter): boolean {
    if (this.#known.has(letter.id)) return false;
    this.#known.add(letter.id);
    this.#letters.push(letter);
    return true;
  }

  /** Whether there is something that the run has to look at. */
  get hasUnread(): boolean {
    return this.#letters.length > 0 && this.#letters.some((letter) => this.#isReadNow(letter));
  }

  takeDiscarded(): readonly number[] {
    return this.#discarded.length === 0 ? none : this.#discarded.splice(0);
  }

  /** What was asked of the run, one request at a time; or that its retry is due. */
  next(now: number, holds: Holds): Decision | undefined {
    while (holds !== 'restarting') {
      const letter = this.#takeLetter();
      if (!letter) break;
      if (letter.kind === 'child') {
        // A paused run leaves it in the database.
        if (holds === 'no') this.#hear(letter);
      } else {
        const control = controlOf(letter);
        const decision = control && this.#decisionOn(control, holds);
        // A request that comes to nothing is consumed all the same: whoever asked hears of that.
        if (!decision?.staysAsked) this.#discarded.push(letter.id);
        if (decision) return decision;
      }
    }
    const { failed, retryAt } = this.#after;
    const isDue = failed && retryAt !== undefined && retryAt <= now && holds === 'no';
    return isDue ? retry(failed, this.#standing(holds), true) : undefined;
  }

  #decisionOn(control: Control, holds: Holds): Decision {
    // It has gone back, and on from there, since that was asked for.
    const isLate = control.type === 'rewind' && holds !== 'paused' && !this.#after.isOver;
    return isLate ? nothing : decisionOn(control, this.#standing(holds));
  }

  #takeLetter(): Letter | undefined {
    if (this.#letters.length === 0) return undefined;
    const place = this.#letters.findIndex((letter) => this.#isReadNow(letter));
    return place < 0 ? undefined : this.#letters.splice(place, 1)[0];
  }

  /** What is asked of a run that cleans up and then goes on waits until then: it is about that. A termination does not wait. */
  #isReadNow(letter: Letter): boolean {
    return !this.#after.goesOn || letter.kind === 'child' || controlOf(letter)?.type === 'terminate';
  }

  #hear(letter: Letter): void {
    const heard = this.#children.read(letter);
    if (!heard) this.#discarded.push(letter.id);
    // A late failure stays in the database: the retry has to know of it.
    else if (!this.#after.isUnheard(heard.command, heard.outcome)) {
      this.#discarded.push(...this.#run.ready.arriveLetter(heard.command, heard.outcome, letter));
    }
  }

  #standing(holds: Holds): Standing {
    const { isClosing, isToBeCancelled, isOver, failed } = this.#after;
    return {
      runId: this.#record.id,
      isPaused: holds === 'paused',
      isClosing: isClosing && !isToBeCancelled,
      isOver,
      failed,
      rewinds: this.#record.rewinds,
      compensatedSince: (from) => this.#run.compensated.since(from),
    };
  }
}

const none: readonly number[] = [];

/** Reads what waits for a run, and signals that it has given back: when they came is in no event. */
export const readInbox = async (
  run: { readonly runId: string; receive(letter: SignalRecord | Letter): void },
  journal: Pick<Journal, 'inbox'>,
  givenBack?: readonly number[],
): Promise<void> => {
  const { signals, letters } = await journal.inbox(run.runId, givenBack);
  for (const letter of [...signals, ...letters]) run.receive(letter);
};
