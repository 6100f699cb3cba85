import type { End, EventBody, RunEvent } from '../journal/event.js';
import type { Exposed } from '../journal/exposed.js';
import type { RunCommit } from '../journal/journal.js';
import type { RunRecord } from '../journal/run-record.js';
import type { AfterEnd } from './after-end.js';
import type { Children } from './children.js';
import { compose, type Composed, type PendingNote } from './compose.js';
import { closingOf, type Decision, type Holds } from './decision.js';
import type { ExecutionHost } from './host.js';
import type { RunInbox } from './inbox.js';
import type { LiveContext } from './live-context.js';
import type { Pages } from './pages.js';
import type { Ready } from './ready.js';
import { nameOfStepKey } from './step-key.js';
import type { StoredStatus } from './stored-status.js';

/** A commit of a run, and what it is made of. */
export interface Prepared {
  readonly commit: RunCommit;
  readonly notes: readonly PendingNote[];
  readonly ready: readonly Ready[];
  readonly decision: Decision | undefined;
  readonly end: End | undefined;
  /** The `seq` of the first event that takes a turn. */
  readonly firstDelivery: number;
}

/** What goes into the next commit of a run. */
export class NextCommit {
  readonly #record: RunRecord;
  readonly #host: ExecutionHost;
  readonly #run: LiveContext;
  readonly #children: Children;
  readonly #after: AfterEnd;
  readonly #inbox: RunInbox;
  readonly #stored: StoredStatus;
  readonly #pages: Pages;
  #notes: PendingNote[] = [];

  constructor(
    record: RunRecord,
    host: ExecutionHost,
    run: LiveContext,
    parts: { children: Children; after: AfterEnd; inbox: RunInbox; stored: StoredStatus; pages: Pages },
  ) {
    this.#record = record;
    this.#host = host;
    this.#run = run;
    this.#children = parts.children;
    this.#after = parts.after;
    this.#inbox = parts.inbox;
    this.#stored = parts.stored;
    this.#pages = parts.pages;
  }

  add(note: PendingNote): void {
    this.#notes.push(note);
  }

  /** Whether something waits for it that neither time nor others bring. */
  get isWanted(): boolean {
    const { outputs, exposures, compensated } = this.#run;
    const isWritten = outputs.waiting || exposures.waiting || compensated.waiting;
    return isWritten || this.#notes.length > 0 || this.#children.isClosing;
  }

  /** Nothing when there is nothing to write. */
  prepare(now: number, holds: Holds, decision: Decision | undefined): Prepared | undefined {
    const run = this.#run;
    const end = decision ? undefined : this.#after.toBeRecorded;
    this.#after.dropLateFailures();
    const ready = this.#takeReady(now, holds, decision, end);
    const ownNotes = this.#takeNotes(this.#children.takeClosing(end !== undefined && !this.#after.willRetry, now));
    const status = this.#statusOf(now, holds, ready, decision, end);
    const outputs = run.outputs.take();
    const facts = run.compensated.take();
    const exposed = run.exposures.take();
    const decisions: readonly EventBody[] = end ? [end] : (decision?.bodies ?? []);
    const parts = ready.length + ownNotes.length + outputs.length + facts.length + exposed.length + decisions.length;
    if (!status && !decision && parts === 0) return undefined;

    const notes = this.#withTakenBack(ownNotes);
    const { seq } = this.#pages;
    // What was let finish is recorded, and takes no turn that would move the run's clock on.
    const clock = Math.max(run.clock, this.#pages.at);
    const batch = holds === 'no' ? seq : this.#pages.holdBatch();
    const { events, firstDelivery, extras } = compose(
      { outputs, facts, notes, ready, decisions },
      { seq, batch, clock, now: holds === 'no' ? now : clock, decidedAt: now },
    );
    this.#pages.wrote(events);
    for (const event of events) if (event.type === 'saga-compensated') run.compensated.met(event);
    const discarded = this.#inbox.takeDiscarded();
    const written: Written = { events, extras, exposed, discarded, ready, notes, status };
    const isPlain = !decision && end?.type !== 'run-continued';
    const commit = (isPlain ? this.#plain(written) : undefined) ?? this.#commitOf(written, now, decision, end);
    return { commit, notes, ready, decision, end, firstDelivery };
  }

  /** Events and a status are all that most commits have. What they might have besides costs more than these (measured). */
  #plain({ events, extras, exposed, discarded, ready, status }: Written): RunCommit | undefined {
    if (extras || exposed.length > 0 || discarded.length > 0 || ready.some(isChoice)) return undefined;
    const { id: runId, link } = this.#record;
    return status ? { runId, link, events, status } : { runId, link, events };
  }

  #commitOf(
    { events, extras, exposed, discarded, notes, status }: Written,
    now: number,
    decision: Decision | undefined,
    end: End | undefined,
  ): RunCommit {
    const consumed = [...(extras?.consumed ?? []), ...discarded];
    const closed = notes.flatMap(({ closes }) => closes ?? []);
    const back = decision?.goBack?.(placeIn(events));
    return {
      runId: this.#record.id,
      link: this.#record.link,
      events,
      ...extras,
      ...(consumed.length > 0 ? { consumed } : {}),
      ...(exposed.length > 0 ? { exposed } : {}),
      ...this.#choicesOf(events),
      ...(back ? { rewinds: back.rewinds } : {}),
      ...closingOf(decision, closed, now),
      ...(end?.type === 'run-continued' ? { next: this.#nextLink(end.payload, now) } : {}),
      ...(status ? { status } : {}),
    };
  }

  #takeNotes(closing: readonly PendingNote[]): readonly PendingNote[] {
    if (this.#notes.length === 0 && closing.length === 0) return noNotes;
    const notes = [...this.#notes, ...closing].filter(isMeant);
    this.#notes = [];
    return notes;
  }

  /** Choices that nobody waits for any more are no reason for a commit; they are in the next one that there is. */
  #withTakenBack(notes: readonly PendingNote[]): readonly PendingNote[] {
    const takenBack = this.#run.versions.takeTakenBack();
    if (takenBack.length === 0) return notes;
    const choices = takenBack.map(({ command, version }): PendingNote => {
      return { command, note: { type: 'version-chosen', index: version } };
    });
    return [...notes, ...choices];
  }

  #takeReady(now: number, holds: Holds, decision: Decision | undefined, end: End | undefined): readonly Ready[] {
    if (end) return this.#run.ready.takeChoices();
    const isOpen = holds === 'no' && !this.#after.isRecorded && !decision;
    if (isOpen) return this.#run.ready.take(now);
    // A cancellation comes before whatever is ready with it: that may end the run another way, and be retried.
    if (decision?.then === 'turn') return this.#run.ready.takeChoices();
    const willHold = holds !== 'no' || decision?.then === 'hold' || decision?.then === 'restart';
    return willHold ? this.#run.ready.takeOwnOutcomes() : this.#run.ready.takeOutcomes();
  }

  #statusOf(
    now: number,
    holds: Holds,
    ready: readonly Ready[],
    decision: Decision | undefined,
    end: End | undefined,
  ): RunCommit['status'] {
    if (end) {
      const { willRetry, plannedAt, failure } = this.#after;
      return willRetry ? this.#stored.park(now, plannedAt, failure) : this.#after.statusAt(now);
    }
    if (decision?.status === 'terminated') {
      const ended = decision.bodies.find((body) => body.type === 'run-terminated');
      return { status: 'terminated', at: now, ...(ended ? { detail: ended.payload } : {}) };
    }
    if (decision?.status) return this.#decidedStatus(decision, decision.status, now);
    if (holds !== 'no' || this.#after.isRecorded) return undefined;
    const isToBeDelivered = ready.length > 0 || decision?.then === 'turn';
    return this.#stored.next(now, isToBeDelivered || this.#run.commands.working);
  }

  /** A run that waits for its retry still does while it is paused, and when it is resumed. */
  #decidedStatus({ goBack }: Decision, status: 'running' | 'paused', now: number): RunCommit['status'] {
    const { retryAt, failure } = this.#after;
    if (retryAt === undefined || goBack) return this.#stored.become(status, now);
    return status === 'paused' ? this.#stored.pause(now, retryAt, failure) : this.#stored.park(now, retryAt, failure);
  }

  #choicesOf(events: readonly RunEvent[]): Pick<RunCommit, 'versions'> {
    const choices = events.flatMap((event) =>
      event.type === 'version-chosen' ? [this.#run.versions.record(nameOfStepKey(event.key), event.index)] : [],
    );
    const all = choices.at(-1);
    return all ? { versions: all } : {};
  }

  #nextLink(input: string, now: number): NonNullable<RunCommit['next']> {
    const { workflow, version } = this.#record;
    return {
      input,
      at: Math.max(now, this.#run.clock),
      unconsumed: this.#run.mailbox.givenBack,
      version: this.#run.takesNewest ? this.#host.newest(workflow, version) : version,
    };
  }
}

/** Whoever waits for it is told. */
export const tellRecorded = ({ notes, ready }: Prepared): void => {
  for (const { recorded } of notes) recorded?.();
  for (const { recorded } of ready) recorded?.();
};

/** Which of the events take turns. */
export const turnsOf = (
  { ready, decision, firstDelivery }: Prepared,
  events: readonly RunEvent[],
): readonly RunEvent[] => {
  const turns = ready.length + (decision?.then === 'turn' ? 1 : 0);
  if (turns === events.length) return events;
  return events.filter(({ seq }) => seq >= firstDelivery).slice(0, turns);
};

/** What has been gathered for a commit, most of it empty as a rule. */
interface Written extends Pick<Composed, 'events' | 'extras'>, Pick<Prepared, 'ready'> {
  readonly exposed: readonly Exposed[];
  /** Letters that mean nothing any more. */
  readonly discarded: readonly number[];
  readonly status: RunCommit['status'];
  readonly notes: readonly PendingNote[];
}

const noNotes: readonly PendingNote[] = [];

const isMeant = ({ command, note }: PendingNote): boolean =>
  command.state === 'pending' || note.type === 'child-closed';

const isChoice = ({ outcome }: Ready): boolean => outcome.type === 'version-chosen';

/** The place of the decision that goes back. */
const placeIn = (events: readonly RunEvent[]): { readonly seq: number; readonly at: number } => {
  const back = events.find(({ type }) => type === 'run-retried' || type === 'run-rewound');
  return { seq: back?.seq ?? 0, at: back?.at ?? 0 };
};
