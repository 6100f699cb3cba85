import type { DeterminismError } from '../errors.js';
import type { RunEvent } from '../journal/event.js';
import type { Letter, SignalRecord } from '../journal/journal.js';
import type { RunRecord } from '../journal/run-record.js';
import type { AfterEnd } from './after-end.js';
import type { Command } from './command.js';
import type { Holds } from './decision.js';
import type { Deliveries } from './deliveries.js';
import { executionParts } from './execution-parts.js';
import type { Execution, ExecutionHost } from './host.js';
import { readInbox, type RunInbox } from './inbox.js';
import { LiveContext } from './live-context.js';
import { tellRecorded, turnsOf, type NextCommit, type Prepared } from './next-commit.js';
import { Pages } from './pages.js';
import type { Note, Outcome } from './ready.js';
import { settleBatch, softenAll, type Batch } from './settle-batch.js';
import type { StoredStatus } from './stored-status.js';
import { takeTurn, type Thrown, type TurnTaker } from './turns.js';
import type { WorkflowDefinition } from './workflow.js';

/**
 * One run's pipeline in memory: the replay core.
 *
 * ```
 * loading ─► replaying ─► asking ◄─► idle     nothing to write
 *                          ▲ └─► committing ─► delivering ─┐ launch what the batch issued
 *                          └───────────────────────────────┘
 * any of them ─► stopped   ended, blocked, evicted, closed
 * ```
 */
export class PipelineExecution implements TurnTaker, Execution {
  readonly runId: string;
  readonly link: number;
  readonly context: LiveContext;

  readonly #host: ExecutionHost;
  readonly #deliveries: Deliveries;
  readonly #stored: StoredStatus;
  readonly #pages: Pages;
  readonly #after: AfterEnd;
  readonly #inbox: RunInbox;
  readonly #next: NextCommit;
  readonly #batch: Batch;
  #phase: 'loading' | 'replaying' | 'asking' | 'idle' | 'committing' | 'delivering' | 'stopped' = 'loading';
  #turnsLeft = 0;
  #holds: Holds;
  #unreadable: (error: unknown) => void = () => undefined;

  constructor(record: RunRecord, workflow: WorkflowDefinition<unknown, unknown>, host: ExecutionHost) {
    this.runId = record.id;
    this.link = record.link;
    this.#host = host;
    this.#holds = record.status === 'paused' ? 'paused' : 'no';
    this.#pages = new Pages(record, host.journal);
    this.context = new LiveContext(record, workflow, {
      maxPayloadBytes: host.maxPayloadBytes,
      isStopped: () => this.#isStopped(),
      hasMore: () => this.#phase === 'replaying' && this.#pages.hasMoreThan(this.context.batch),
      block: this.block.bind(this),
    });
    const parts = executionParts(record, workflow, host, this.context, this.#pages);
    this.#stored = parts.stored;
    this.#after = parts.after;
    this.#deliveries = parts.deliveries;
    this.#inbox = parts.inbox;
    this.#next = parts.next;
    this.#batch = parts.batch;
  }

  /** Replays what is recorded, then goes live. Answers when the first page is queued, `first` if it is at hand; what cannot be read later is told. */
  async start(unreadable: (error: unknown) => void, first?: readonly RunEvent[]): Promise<void> {
    this.#unreadable = unreadable;
    if (!first || this.link > 0) {
      await readInbox(this, this.#host.journal);
    }
    const page = first ? this.#pages.begin(first) : await this.#pages.read();
    if (this.#phase !== 'loading') return;
    this.#phase = 'replaying';
    this.#queue(page);
  }

  get status(): 'busy' | 'idle' | 'stopped' {
    if (this.#phase === 'stopped') return 'stopped';
    const isQuiet = this.#phase === 'idle' && !this.#next.isWanted && !this.#inbox.hasUnread;
    if (!isQuiet || this.#holds === 'restarting') return 'busy';
    const { ready, commands } = this.context;
    if (!this.#isOpen) return commands.inFlight || ready.hasArrived ? 'busy' : 'idle';
    return commands.working || ready.hasReady(this.#host.now()) ? 'busy' : 'idle';
  }

  /** Whether something was asked of the run that it has not looked at. */
  get hasUnread(): boolean {
    return this.#inbox.hasUnread;
  }

  get launches(): boolean {
    return this.#holds === 'no';
  }

  get nextDue(): number | undefined {
    if (this.#holds !== 'no') return undefined;
    return this.#after.isRecorded ? this.#after.retryAt : this.context.ready.nextDue();
  }

  /** What the code asks for and has not got yet, in the order of issue. */
  get pending(): readonly Command[] {
    return [...this.context.commands.pending.values()];
  }

  /** Whether the database knows that there is nothing to do before `nextDue`. */
  get parked(): boolean {
    return this.#stored.isParked(this.nextDue);
  }

  block(error: DeterminismError): void {
    if (this.#phase === 'stopped') return;
    this.stop();
    this.#host.blocked(this, error);
  }

  /** The engine's own teardown: it means nothing and writes nothing. */
  stop(): void {
    if (this.#phase === 'stopped') return;
    this.#phase = 'stopped';
    this.context.pipeline.leave();
  }

  arrive(command: Command, outcome: Outcome, recorded?: () => void): void {
    if (this.#phase === 'stopped' || command.state !== 'pending') return;
    if (this.#after.isUnheard(command, outcome)) {
      this.context.commands.settle(command);
      recorded?.();
    } else this.context.ready.arrive(command, outcome, this.#host.now(), recorded);
    this.#askForCommit();
  }

  note(command: Command, note: Note, recorded?: () => void): void {
    if (this.#phase === 'stopped' || command.state !== 'pending') return;
    this.#next.add({ command, note, recorded });
    this.#askForCommit();
  }

  released(command: Command): void {
    command.launched = false;
    this.#askForCommit();
  }

  /** A signal has come in, or a child or somebody outside has written. */
  receive(letter: SignalRecord | Letter): void {
    const isNew = 'kind' in letter ? this.#inbox.arrive(letter) : this.context.mailbox.arrive(letter);
    if (isNew) this.#askForCommit();
  }

  /**
   * A signal is being stored, for which the run waits with nothing else to write: what is to be committed with it. The run counts on that from then on;
   * if it comes to nothing, it has to be read again.
   */
  reply(signal: SignalRecord): Prepared | undefined {
    const { ready, mailbox } = this.context;
    const waits = this.#phase === 'idle' && this.#isOpen && !this.#next.isWanted && !this.#inbox.hasUnread;
    const now = this.#host.now();
    if (!waits || ready.hasReady(now) || !ready.awaits(signal.name) || !mailbox.arrive(signal)) return undefined;
    const prepared = this.#next.prepare(now, this.#holds, undefined);
    if (prepared) this.#phase = 'committing';
    return prepared;
  }

  /** Says in the database that there is nothing to do before `nextDue`. */
  async park(): Promise<void> {
    if (this.status !== 'idle' || this.parked) return;
    this.#phase = 'committing';
    const status = this.#stored.park(this.#host.now(), this.nextDue, this.#after.failure);
    await this.#host.commit({ runId: this.runId, link: this.link, events: [], status });
    if (!this.#isStopped()) this.#goLive();
  }

  // ── a commit ──────────────────────────────────────────────────────────────────────────────────────────────────────────

  /** Starts what the last batch issued and records what is ready. The host calls it in its commit tick. */
  async collect(): Promise<void> {
    if (this.#phase !== 'asking' && this.#phase !== 'idle') return;
    const now = this.#host.now();
    const isToBeSoftened = this.#after.isToBeSoftened(this.#host);
    const decision = this.#inbox.next(now, this.#holds);
    const started = settleBatch(this, this.#host, this.#batch, this.#after.launches(decision, this.#holds));
    if (isToBeSoftened) softenAll(this, this.#host, this.context);
    if (started && !decision && (this.nextDue ?? Infinity) <= now) {
      // What has just been started may be ready by the next tick, and come before a timer that is due at the same time.
      this.#goLive();
      return;
    }
    const prepared = this.#next.prepare(now, this.#holds, decision);
    if (!prepared) {
      this.#nothingToWrite();
      return;
    }
    this.#phase = 'committing';
    const events = await this.#host.commit(prepared.commit);
    this.committed(prepared, events);
  }

  committed(prepared: Prepared, events: readonly RunEvent[]): void {
    if (this.#isStopped()) return;
    tellRecorded(prepared);
    const { decision, end, ready } = prepared;
    if (decision?.then === 'end' || (end && !this.#after.record(end, events.at(-1)?.seq ?? 0))) {
      for (const command of this.pending) if (command.launched) this.#host.abort(this, command);
      this.stop();
      if (end?.type === 'run-continued') this.#host.continued(this);
      else this.#host.ended(this);
      return;
    }
    this.#holds = this.#after.holdsAfter(decision, this.#holds);
    if (!this.#isOpen) {
      this.#after.settleUndelivered(ready, events.at(-1)?.at ?? 0);
      this.#goLive();
      return;
    }
    this.#phase = 'delivering';
    this.#queue(turnsOf(prepared, events));
  }

  #nothingToWrite(): void {
    this.#phase = 'idle';
    if (this.#holds === 'restarting') {
      this.#host.restart(this);
      return;
    }
    const isAtWork = this.#isOpen ? this.context.commands.working : this.context.commands.inFlight;
    if (this.#after.isOver && !isAtWork) {
      this.stop();
      this.#host.ended(this);
      return;
    }
    if (!isAtWork) this.#host.idle(this);
    this.#host.arm(this, this.nextDue);
  }

  /** Whether events are delivered. */
  get #isOpen(): boolean {
    return this.#holds === 'no' && !this.#after.isRecorded;
  }

  // ── turns ─────────────────────────────────────────────────────────────────────────────────────────────────────────────

  beginTurn(event: RunEvent): void {
    if (this.#phase === 'stopped') return;
    const fault = this.#deliveries.take(event);
    if (fault) this.block(fault);
  }

  settleTurn(thrown: Thrown | undefined): void {
    if (thrown) this.context.pipeline.fail(thrown.error);
    if (this.#phase !== 'stopped') this.#after.settleTurn();
  }

  endTurn(): void {
    if (this.#phase === 'stopped') return;
    this.#turnsLeft -= 1;
    if (this.#turnsLeft === 0) this.#turnsAreOver();
  }

  #queue(events: readonly RunEvent[]): void {
    this.#turnsLeft = events.length;
    for (const event of events) takeTurn(this, event);
    if (events.length === 0) this.#turnsAreOver();
  }

  #turnsAreOver(): void {
    if (this.#phase === 'replaying') this.#nextPage().catch(this.#unreadable);
    else this.#goLive();
  }

  async #nextPage(): Promise<void> {
    if (this.#pages.isLast) {
      const { undated } = this.context.mailbox;
      if (undated.length > 0) await readInbox(this, this.#host.journal, undated);
      if (this.#isStopped()) return;
      this.#after.replayed(this.#stored.wakeAt);
      this.#goLive();
      return;
    }
    const page = await this.#pages.read();
    if (!this.#isStopped()) this.#queue(page);
  }

  /** Until it is looked at, what the last turns have asked for is not started, nor their end recorded: it is busy. */
  #goLive(): void {
    this.#phase = 'asking';
    this.#host.ready(this);
  }

  #askForCommit(): void {
    if (this.#phase === 'idle') this.#goLive();
  }

  #isStopped(): boolean {
    return this.#phase === 'stopped';
  }
}
