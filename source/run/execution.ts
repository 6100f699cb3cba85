import { DeterminismError } from '../errors.js';
import { isEnd, type Delivery, type End, type EventBody, type RunEvent } from '../journal/event.js';
import type { Letter, RunCommit, SignalRecord } from '../journal/journal.js';
import type { RunRecord } from '../journal/run-record.js';
import { AfterEnd } from './after-end.js';
import { Children } from './children.js';
import type { Command } from './command.js';
import { compose, type PendingNote } from './compose.js';
import { controlOf } from './control.js';
import { isFailure } from './decide.js';
import { decisionOn, retry, type Decision, type Standing } from './decision.js';
import { History, type Encounter } from './history.js';
import type { Execution, ExecutionHost } from './host.js';
import { LiveContext } from './live-context.js';
import { Pages } from './pages.js';
import type { Note, Outcome, Ready } from './ready.js';
import type { Cut } from './rewinds.js';
import { mainScope } from './scope.js';
import { closeChildren, settleBatch, type Launches } from './settle-batch.js';
import { StoredStatus } from './stored-status.js';
import { takeTurn, type Thrown, type TurnTaker } from './turns.js';
import type { WorkflowDefinition } from './workflow.js';

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
  readonly context: LiveContext;

  readonly #host: ExecutionHost;
  readonly #record: RunRecord;
  readonly #children: Children;
  readonly #history: History;
  readonly #stored: StoredStatus;
  readonly #pages: Pages;
  readonly #after: AfterEnd;
  #phase: 'loading' | 'replaying' | 'idle' | 'committing' | 'delivering' | 'stopped' = 'loading';
  #notes: PendingNote[] = [];
  #letters: Letter[] = [];
  /** Letters that mean nothing any more; they are consumed with the next commit. */
  #discarded: number[] = [];
  #turnsLeft = 0;
  /** Nothing is delivered or launched: the run is paused, or about to be replayed. */
  #holds: 'no' | 'paused' | 'restarting';

  constructor(record: RunRecord, workflow: WorkflowDefinition<unknown, unknown>, host: ExecutionHost) {
    this.runId = record.id;
    this.link = record.link;
    this.#record = record;
    this.#host = host;
    this.#holds = record.status === 'paused' ? 'paused' : 'no';
    this.#pages = new Pages(record);
    const isStopped = (): boolean => this.#isStopped();
    const hasMore = (): boolean => this.#phase === 'replaying' && this.#pages.hasMoreThan(this.context.batch);
    this.context = new LiveContext(record, workflow, {
      maxPayloadBytes: host.maxPayloadBytes,
      get isStopped() {
        return isStopped();
      },
      get hasMore() {
        return hasMore();
      },
      block: (error) => {
        this.block(error);
      },
    });
    this.#children = new Children(record.id, record.link, this.context.commands);
    this.#history = new History(this.context, this.#children);
    this.#stored = new StoredStatus(record);
    this.#after = new AfterEnd(record, workflow, this.context, this.#history);
  }

  /** Replays what is recorded, then goes live. Answers when the first page is queued; `first` saves reading it. */
  async start(first?: readonly RunEvent[]): Promise<void> {
    if (!first || this.link > 0) await this.#readInbox();
    const page = first ?? (await this.#host.events(this.runId, this.link, 0, this.#pages.size));
    if (this.#phase !== 'loading') return;
    this.#phase = 'replaying';
    this.#replay(page);
  }

  get status(): 'busy' | 'idle' | 'stopped' {
    if (this.#phase === 'stopped') return 'stopped';
    const { outputs, exposures, compensated, ready, commands } = this.context;
    const isQuiet =
      this.#phase === 'idle' && this.#notes.length + this.#letters.length === 0 && !this.#children.isClosing;
    if (!isQuiet || outputs.waiting || exposures.waiting || compensated.waiting || this.#holds === 'restarting')
      return 'busy';
    if (this.#holds === 'paused' || this.#after.isRecorded)
      return commands.inFlight || ready.hasArrived ? 'busy' : 'idle';
    return commands.working || ready.hasReady(this.#host.now()) ? 'busy' : 'idle';
  }

  /** Whether something was asked of the run that it has not looked at. */
  get hasUnread(): boolean {
    return this.#letters.length > 0;
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
    if (this.#after.isLate(command) && isFailure(outcome)) {
      this.context.commands.settle(command);
      recorded?.();
    } else this.context.ready.arrive(command, outcome, this.#host.now(), recorded);
    this.#askForCommit();
  }

  note(command: Command, note: Note, recorded?: () => void): void {
    if (this.#phase === 'stopped' || command.state !== 'pending') return;
    this.#notes.push({ command, note, recorded });
    this.#askForCommit();
  }

  released(command: Command): void {
    command.launched = false;
    this.#askForCommit();
  }

  /** A signal has come in. */
  receive(signal: SignalRecord): void {
    if (this.context.mailbox.arrive(signal)) this.#askForCommit();
  }

  /** A child or somebody outside has written. */
  read(letter: Letter): void {
    if (!this.#pages.isNew(letter)) return;
    this.#letters.push(letter);
    this.#askForCommit();
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
    if (this.#phase !== 'idle') return;
    const now = this.#host.now();
    const decision = this.#decide(now);
    const launches = this.#launches(decision);
    const add = (note: PendingNote): void => void this.#notes.push(note);
    const started = settleBatch(this, this.#host, { run: this.context, children: this.#children, add }, launches);
    if (this.#after.isToBeSoftened(this.#host, now)) this.#soften();
    if (started && !decision && (this.nextDue ?? Infinity) <= now) {
      // What has just been started may be ready by the next tick, and come before a timer that is due at the same time.
      this.#host.ready(this);
      return;
    }
    const end = decision ? undefined : this.#after.toBeRecorded;
    const ready = end ? [] : this.#takeReady(now, decision);
    await this.#write(now, ready, decision, end);
  }

  async #write(
    now: number,
    ready: readonly Ready[],
    decision: Decision | undefined,
    end: End | undefined,
  ): Promise<void> {
    const { outputs, exposures, clock } = this.context;
    const isFinal = end !== undefined && !this.#after.willRetry;
    this.#notes.push(...closeChildren(this.#children, isFinal, now));
    const notes = this.#notes
      .splice(0)
      .filter(({ command, note }) => command.state === 'pending' || note.type === 'child-closed');
    const facts = this.context.compensated.take();
    const decisions: readonly EventBody[] = end ? [end] : (decision?.bodies ?? []);
    const status = this.#statusOf(now, ready, decision, end);
    const written = outputs.take();
    const exposed = exposures.take();
    if (
      ready.length + notes.length + written.length + exposed.length + facts.length + decisions.length === 0 &&
      !status &&
      !decision
    ) {
      this.#rest();
      return;
    }
    const parts = compose({ outputs: written, facts, notes, ready, decisions }, this.#pages.seq, clock, now);
    this.#pages.seq += parts.events.length;
    for (const event of parts.events) if (event.type === 'saga-compensated') this.context.compensated.met(event);
    this.#phase = 'committing';
    const consumed = [...(parts.extras.consumed ?? []), ...this.#discarded.splice(0)];
    const back = decision?.goBack?.(placeIn(parts.events));
    const choices = ready.flatMap(({ command, outcome }) =>
      outcome.type === 'version-chosen' ? [this.context.versions.record(command.spec.name, outcome.index)] : [],
    );
    const events = await this.#host.commit({
      runId: this.runId,
      link: this.link,
      events: parts.events,
      ...parts.extras,
      ...(consumed.length > 0 ? { consumed } : {}),
      ...(exposed.length > 0 ? { exposed } : {}),
      ...(choices.length > 0 ? { versions: choices.at(-1) ?? {} } : {}),
      ...(back ? { rewinds: back.rewinds } : {}),
      ...(decision?.then === 'end' ? { closesChildrenAt: now } : {}),
      ...(end?.type === 'run-continued'
        ? { next: { input: end.payload, at: Math.max(now, clock), version: this.#nextVersion() } }
        : {}),
      ...(status ? { status } : {}),
    });
    if (this.#isStopped()) return;
    for (const { recorded } of [...notes, ...ready]) recorded?.();
    this.#goOn(
      events.filter(({ seq }) => seq >= parts.firstDelivery),
      ready,
      decision,
      end,
    );
  }

  /** What follows from a commit that has returned. */
  #goOn(
    events: readonly RunEvent[],
    ready: readonly Ready[],
    decision: Decision | undefined,
    end: End | undefined,
  ): void {
    if (decision?.then === 'end' || (end && !this.#after.record(end, events.at(-1)?.seq ?? 0))) {
      for (const command of this.context.commands.pending.values())
        if (command.launched) this.#host.abort(this, command);
      this.stop();
      if (end?.type === 'run-continued') this.#host.continued(this);
      else this.#host.ended(this);
      return;
    }
    if (decision?.then === 'hold') this.#holds = 'paused';
    if (decision?.then === 'restart') this.#holds = 'restarting';
    if (this.#holds !== 'no' || this.#after.isRecorded) {
      for (const { command, outcome } of ready) this.#after.settleUndelivered(command, outcome);
      this.#goLive();
      return;
    }
    const turns = decision && decision.then !== 'turn' ? events.slice(0, ready.length) : end ? [] : events;
    this.#phase = 'delivering';
    this.#turnsLeft = turns.length;
    for (const event of turns) takeTurn(this, event);
    if (turns.length === 0) this.#goLive();
  }

  /** There is nothing to write. */
  #rest(): void {
    if (this.#holds === 'restarting') {
      this.#host.restart(this);
      return;
    }
    const isAtWork =
      this.#holds === 'no' && !this.#after.isRecorded ? this.context.commands.working : this.context.commands.inFlight;
    if (this.#after.isOver && !isAtWork) {
      this.stop();
      this.#host.ended(this);
      return;
    }
    if (!isAtWork) this.#host.idle(this);
    this.#host.arm(this, this.nextDue);
  }

  /** What was asked of the run, one request at a time; or that its retry is due. */
  #decide(now: number): Decision | undefined {
    const { failed, retryAt } = this.#after;
    const isPaused = this.#holds === 'paused';
    while (this.#holds !== 'restarting') {
      const letter = this.#letters.shift();
      if (!letter) break;
      if (letter.kind === 'child') {
        this.#hearChild(letter);
        continue;
      }
      this.#discarded.push(letter.id);
      const control = controlOf(letter);
      const { runId } = this;
      // A request that comes to nothing is consumed all the same: whoever asked hears of that.
      return control
        ? decisionOn(control, { ...this.#standing, runId, isPaused, isClosing: this.#after.isClosing, failed })
        : undefined;
    }
    return failed && retryAt !== undefined && retryAt <= now && this.#holds === 'no'
      ? retry(failed, this.#standing, true)
      : undefined;
  }

  get #standing(): Pick<Standing, 'rewinds' | 'compensatedSince'> {
    const { compensated } = this.context;
    return { rewinds: this.#record.rewinds, compensatedSince: (from) => compensated.since(from) };
  }

  #hearChild(letter: Letter): void {
    const heard = this.#children.read(letter);
    if (!heard) this.#discarded.push(letter.id);
    // A late failure stays in the inbox: the retry has to know of it.
    else if (!(this.#after.isLate(heard.command) && isFailure(heard.outcome))) {
      this.context.ready.arriveLetter(heard.command, heard.outcome, letter);
    }
  }

  #launches(decision: Decision | undefined): Launches {
    if (this.#after.isRecorded) return () => false;
    if (decision || this.#holds !== 'no') return ({ spec }) => spec.kind === 'version';
    return this.context.pipeline.end ? ({ scope }) => scope.cleanUp : () => true;
  }

  #takeReady(now: number, decision: Decision | undefined): readonly Ready[] {
    const isOpen = this.#holds === 'no' && !this.#after.isRecorded && !decision;
    return isOpen ? this.context.ready.take(now) : this.context.ready.takeOutcomes();
  }

  #statusOf(
    now: number,
    ready: readonly Ready[],
    decision: Decision | undefined,
    end: End | undefined,
  ): RunCommit['status'] {
    if (end)
      return this.#after.willRetry
        ? this.#stored.park(now, this.#after.plannedAt, this.#after.failure)
        : this.#after.statusAt(now);
    if (decision?.status === 'terminated') {
      const [body] = decision.bodies;
      return {
        status: 'terminated',
        at: now,
        ...(body && 'payload' in body && body.payload ? { detail: body.payload } : {}),
      };
    }
    if (decision?.status) return this.#stored.become(decision.status, now);
    if (this.#holds !== 'no' || this.#after.isRecorded) return undefined;
    return this.#stored.next(now, ready.length > 0 || this.context.commands.working);
  }

  /** The run has failed for good: what is in flight is told so, and its success counts all the same. */
  #soften(): void {
    for (const command of this.context.commands.pending.values()) {
      if (command.launched && !command.scope.cleanUp) this.#host.soften(this, command);
    }
  }

  #nextVersion(): number {
    const { workflow, version } = this.#record;
    return this.context.takesNewest ? this.#host.newest(workflow, version) : version;
  }

  // ── turns ─────────────────────────────────────────────────────────────────────────────────────────────────────────────

  beginTurn(event: RunEvent): void {
    if (this.#phase === 'stopped') return;
    const run = this.context;
    run.scope = mainScope;
    const cut = this.#pages.cutAt(event, run);
    run.exposures.met(event.batch);
    if (run.pipeline.end) {
      const encounter = cut ? undefined : this.#after.meet(event);
      if (encounter instanceof DeterminismError) this.block(encounter);
      else if (encounter) this.#deliver(encounter.command, encounter.delivery, encounter.last);
      return;
    }
    run.seq = event.seq;
    const encounter = this.#meet(event, cut);
    if (encounter instanceof DeterminismError) this.block(encounter);
    else if (encounter) this.#deliver(encounter.command, encounter.delivery, encounter.last);
    else if (!cut) this.#meetDecision(event);
  }

  #meet(event: RunEvent, cut: Cut | undefined): Encounter {
    if (cut) return this.#history.meetCut(event, cut);
    return this.#pages.isLenient(event) ? this.#history.meetLenient(event) : this.#history.meet(event, undefined);
  }

  #deliver(command: Command, event: RunEvent & Delivery, last: boolean): void {
    this.context.batch = event.batch;
    this.context.deliver(command, event, last);
  }

  #meetDecision(event: RunEvent): void {
    const run = this.context;
    if (event.type === 'started') {
      run.clock = event.at;
      run.begin(event.payload);
    } else if (event.type === 'cancel-requested') {
      run.clock = Math.max(run.clock, event.at);
      run.batch = event.batch;
      run.cancelRun();
    } else if (event.type === 'run-forked') {
      // The children of the run that was copied are not this one's.
      for (const command of run.commands.pending.values()) this.#children.replace(command);
    } else if (isEnd(event) && event.type === 'run-terminated') run.pipeline.finish(event);
  }

  settleTurn(thrown: Thrown | undefined): void {
    if (thrown) this.context.pipeline.fail(thrown.error);
    if (this.#phase === 'stopped') return;
    this.#after.settleTurn();
    this.context.scope = mainScope;
  }

  endTurn(): void {
    if (this.#phase === 'stopped') return;
    this.#turnsLeft -= 1;
    if (this.#turnsLeft > 0) return;
    if (this.#phase === 'replaying') void this.#nextPage();
    else this.#goLive();
  }

  // ── replay ────────────────────────────────────────────────────────────────────────────────────────────────────────────

  async #readInbox(): Promise<void> {
    for (const signal of await this.#host.mailbox(this.runId)) this.context.mailbox.arrive(signal);
    for (const letter of await this.#host.letters(this.runId))
      if (this.#pages.isNew(letter)) this.#letters.push(letter);
  }

  #replay(page: readonly RunEvent[]): void {
    this.#pages.add(page);
    this.#turnsLeft = page.length;
    for (const event of page) takeTurn(this, event);
    if (page.length === 0) this.#goLive();
  }

  async #nextPage(): Promise<void> {
    if (this.#pages.isLast) {
      this.#after.replayed(this.#stored.wakeAt);
      this.#goLive();
      return;
    }
    const page = await this.#host.events(this.runId, this.link, this.#pages.seq, this.#pages.size);
    if (!this.#isStopped()) this.#replay(page);
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

/** The place of the decision that goes back. */
const placeIn = (events: readonly RunEvent[]): { readonly seq: number; readonly at: number } => {
  const back = events.find(({ type }) => type === 'run-retried' || type === 'run-rewound');
  return { seq: back?.seq ?? 0, at: back?.at ?? 0 };
};
