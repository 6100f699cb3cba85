import { DeterminismError } from '../errors.js';
import type { Delivery, RunEvent } from '../journal/event.js';
import type { SignalRecord } from '../journal/journal.js';
import type { RunRecord } from '../journal/run-record.js';
import { limited } from '../values/codec.js';
import { digest } from '../values/digest.js';
import { Cancellations } from './cancellations.js';
import type { Command, CommandSpec } from './command.js';
import { Commands } from './commands.js';
import { compose, type PendingNote } from './compose.js';
import { currentRun } from './context.js';
import { History } from './history.js';
import type { Execution, ExecutionHost } from './host.js';
import { Mailbox } from './mailbox.js';
import { Outputs } from './outputs.js';
import { Pipeline } from './pipeline.js';
import { ReadyQueue, type Note, type Outcome } from './ready.js';
import { settleBatch } from './settle-batch.js';
import { StoredStatus } from './stored-status.js';
import { takeTurn, type Thrown, type TurnTaker } from './turns.js';
import { outsideTurn } from './violation.js';
import type { WorkflowDefinition } from './workflow.js';

/** Events that are read at once on replay. */
const pageSize = 1000;

/**
 * One run's pipeline in memory: the replay core.
 *
 * ```
 * loading ─► replaying ─► idle ─► committing ─► delivering ─┐
 *                          ▲                                │ launch what the batch issued
 *                          └────────────────────────────────┘
 * any of them ─► stopped   ended, blocked, evicted, closed
 * ```
 */
export class PipelineExecution implements TurnTaker, Execution {
  readonly runId: string;
  readonly link: number;
  readonly maxPayloadBytes: number;
  clock = 0;

  readonly #host: ExecutionHost;
  readonly #pipeline: Pipeline;
  readonly #commands = new Commands();
  readonly #cancellations = new Cancellations(this.#commands);
  readonly #mailbox = new Mailbox();
  readonly #ready = new ReadyQueue(this.#mailbox);
  readonly #outputs = new Outputs();
  readonly #history = new History(this.#commands, this.#outputs, this.#mailbox);
  readonly #stored: StoredStatus;
  #phase: 'loading' | 'replaying' | 'idle' | 'committing' | 'delivering' | 'stopped' = 'loading';
  #notes: PendingNote[] = [];
  #seq = 0;
  #batch = 0;
  #turnsLeft = 0;
  #lastPage = false;

  constructor(record: RunRecord, workflow: WorkflowDefinition<unknown, unknown>, host: ExecutionHost) {
    this.runId = record.id;
    this.link = record.link;
    this.maxPayloadBytes = host.maxPayloadBytes;
    const output = limited(workflow.output, host.maxPayloadBytes);
    this.#pipeline = new Pipeline(workflow, {
      guard: (operator) => this.guard(operator),
      block: (error) => {
        this.block(error);
      },
      emit: (value) => {
        const payload = output.encode(value);
        this.#outputs.emit({ payload, digest: digest(payload), at: this.clock, batch: this.#batch });
      },
    });
    this.#host = host;
    this.#stored = new StoredStatus(record);
  }

  /** Replays what is recorded, then goes live. Answers when the first page is queued; `first` saves reading it. */
  async start(first?: readonly RunEvent[]): Promise<void> {
    for (const signal of first ? [] : await this.#host.mailbox(this.runId)) this.#mailbox.arrive(signal);
    const page = first ?? (await this.#host.events(this.runId, this.link, 0, pageSize));
    if (this.#phase !== 'loading') return;
    this.#phase = 'replaying';
    this.#replay(page, page.length < pageSize);
  }

  get status(): 'busy' | 'idle' | 'stopped' {
    if (this.#phase === 'stopped') return 'stopped';
    const quiet = this.#phase === 'idle' && !this.#commands.working && this.#notes.length === 0;
    return quiet && !this.#outputs.waiting && !this.#ready.hasReady(this.#host.now()) ? 'idle' : 'busy';
  }

  get nextDue(): number | undefined {
    return this.#ready.nextDue();
  }

  /** What the code asks for and has not got yet, in the order of issue. */
  get pending(): readonly Command[] {
    return [...this.#commands.pending.values()];
  }

  /** Whether the database knows that there is nothing to do before `nextDue`. */
  get parked(): boolean {
    return this.#stored.isParked(this.nextDue);
  }

  // ── what the operators see ────────────────────────────────────────────────────────────────────────────────────────────

  issue(spec: CommandSpec): Command {
    const command = this.#commands.issue(spec, this.clock);
    if (spec.kind === 'signal') this.#ready.awaitSignal(command);
    // The journal counts whole milliseconds.
    else if (spec.kind === 'timer' || spec.kind === 'sleep') this.#ready.awaitTimer(command, Math.ceil(spec.due));
    return command;
  }

  cancel(command: Command): void {
    if (command.state !== 'pending' || this.#phase === 'stopped' || this.#pipeline.end) return;
    if (currentRun() === this) this.#cancellations.ask(command);
    else this.block(outsideTurn(`an unsubscription from ${command.key}`, this.runId));
  }

  guard(operator: string): boolean {
    if (this.#phase === 'stopped' || this.#pipeline.end) return false;
    if (currentRun() === this) return true;
    this.block(outsideTurn(operator, this.runId));
    return false;
  }

  block(error: DeterminismError): void {
    if (this.#phase === 'stopped') return;
    this.stop();
    this.#host.blocked(this, error);
  }

  // ── what the engine does ──────────────────────────────────────────────────────────────────────────────────────────────

  /** The engine's own teardown: it means nothing and writes nothing. */
  stop(): void {
    if (this.#phase === 'stopped') return;
    this.#phase = 'stopped';
    this.#pipeline.leave();
  }

  /** A completion of a launched command. It is recorded with the next commit, unless the command is cancelled by then. */
  arrive(command: Command, outcome: Outcome, recorded?: () => void): void {
    if (this.#phase === 'stopped' || command.state !== 'pending') return;
    this.#ready.arrive(command, outcome, this.#host.now(), recorded);
    this.#askForCommit();
  }

  /** Bookkeeping about a launched command. */
  note(command: Command, note: Note, recorded?: () => void): void {
    if (this.#phase === 'stopped' || command.state !== 'pending') return;
    this.#notes.push({ command, note, recorded });
    this.#askForCommit();
  }

  /** A letter has come in. */
  receive(signal: SignalRecord): void {
    if (this.#mailbox.arrive(signal)) this.#askForCommit();
  }

  /** Says in the database that there is nothing to do before `nextDue`. */
  async park(): Promise<void> {
    if (this.status !== 'idle' || this.parked) return;
    this.#phase = 'committing';
    const status = this.#stored.park(this.#host.now(), this.nextDue);
    await this.#host.commit({ runId: this.runId, link: this.link, events: [], status });
    if (!this.#isStopped()) this.#goLive();
  }

  /** Starts what the last batch issued and records what is ready. The host calls it in its commit tick. */
  async collect(): Promise<void> {
    if (this.#phase !== 'idle') return;
    const end = this.#pipeline.end;
    const started = settleBatch(this, this.#host, {
      commands: this.#commands,
      cancellations: this.#cancellations,
      over: end !== undefined,
    });
    const now = this.#host.now();
    if (started && (this.nextDue ?? Infinity) <= now) {
      // What has just been started may be ready by the next tick, and come before a timer that is due at the same time.
      this.#host.ready(this);
      return;
    }
    const ready = end ? [] : this.#ready.take(now);
    const notes = this.#notes.splice(0).filter(({ command }) => command.state === 'pending');
    const outputs = this.#outputs.take();
    const status = this.#stored.next(now, ready.length > 0 || this.#commands.working, end);
    if (ready.length + notes.length + outputs.length === 0 && !status) {
      if (!this.#commands.working) this.#host.idle(this);
      this.#host.arm(this, this.nextDue);
      return;
    }
    const { events, deliveries, consumed } = compose({ outputs, notes, ready, end }, this.#seq, this.clock, now);
    this.#seq += events.length;
    this.#phase = 'committing';
    const change = { runId: this.runId, link: this.link, events, ...consumed, ...(status ? { status } : {}) };
    await this.#host.commit(change);
    if (this.#isStopped()) return;
    if (end) {
      this.stop();
      this.#host.ended(this);
      return;
    }
    this.#phase = 'delivering';
    for (const { recorded } of [...notes, ...ready]) recorded?.();
    this.#turnsLeft = deliveries.length;
    for (const event of deliveries) takeTurn(this, event);
    if (deliveries.length === 0) this.#goLive();
  }

  // ── turns ─────────────────────────────────────────────────────────────────────────────────────────────────────────────

  beginTurn(event: RunEvent): void {
    if (this.#phase === 'stopped') return;
    if (this.#pipeline.end && !isOfTheEnd(event)) {
      // The rest of the batch in which the run ended is skipped, live and on replay alike.
      if (event.batch !== this.#batch) this.block(this.#history.endedEarly(event));
      return;
    }
    const encounter = this.#history.meet(event, this.#pipeline.end);
    if (encounter instanceof DeterminismError) this.block(encounter);
    else if (encounter) this.#deliver(encounter.command, encounter.delivery, encounter.last);
    else if (event.type === 'started') {
      this.clock = event.at;
      this.#pipeline.subscribe(event.payload);
    }
  }

  #deliver(command: Command, event: RunEvent & Delivery, last: boolean): void {
    this.clock = Math.max(this.clock, event.at);
    this.#batch = event.batch;
    if (event.type === 'signal-received') this.#mailbox.consumed(event.index, command.spec.name);
    if (event.type === 'activity-emitted') {
      command.progress = { ...command.progress, emitted: event.index + 1, last: event.payload };
    }
    if (last) this.#commands.settle(command);
    command.spec.deliver(event);
  }

  endTurn(thrown: Thrown | undefined): void {
    if (thrown) this.#pipeline.fail(thrown.error);
    if (this.#phase === 'stopped') return;
    this.#cancellations.takeEffect();
    if (this.#pipeline.end) {
      this.#pipeline.leave();
      this.#cancellations.cancelAll();
    }
    this.#turnsLeft -= 1;
    if (this.#turnsLeft > 0) return;
    if (this.#phase === 'replaying') void this.#nextPage();
    else this.#goLive();
  }

  // ── replay ────────────────────────────────────────────────────────────────────────────────────────────────────────────

  #replay(page: readonly RunEvent[], last: boolean): void {
    this.#lastPage = last;
    this.#turnsLeft = page.length;
    for (const event of page) takeTurn(this, event);
    this.#seq += page.length;
    if (page.length === 0) this.#goLive();
  }

  async #nextPage(): Promise<void> {
    if (this.#lastPage) {
      this.#goLive();
      return;
    }
    const page = await this.#host.events(this.runId, this.link, this.#seq, pageSize);
    if (this.#isStopped()) return;
    this.#replay(page, page.length < pageSize);
  }

  #goLive(): void {
    this.#phase = 'idle';
    this.#host.ready(this);
  }

  #askForCommit(): void {
    if (this.#phase === 'idle') this.#host.ready(this);
  }

  #isStopped(): boolean {
    return this.#phase === 'stopped';
  }
}

/** What is written after the last delivery of a run. */
const isOfTheEnd = ({ type }: RunEvent): boolean =>
  type === 'output-emitted' || type === 'run-completed' || type === 'run-failed';
