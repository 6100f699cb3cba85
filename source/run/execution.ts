import { DeterminismError } from '../errors.js';
import type { Bookkeeping, Delivery, EventBody, RunEvent } from '../journal/event.js';
import type { RunCommit, SignalRecord } from '../journal/journal.js';
import type { RunRecord } from '../journal/run-record.js';
import { decodeFailure, encodeFailure } from '../values/failure.js';
import { digest } from '../values/digest.js';
import { limited } from '../values/codec.js';
import type { Command, CommandSpec } from './command.js';
import { Commands } from './commands.js';
import { currentRun, type RunContext } from './context.js';
import { decide } from './decide.js';
import * as divergence from './divergence.js';
import type { Execution, ExecutionHost } from './host.js';
import { Mailbox } from './mailbox.js';
import { Outputs } from './outputs.js';
import { ReadyQueue, type Note, type Outcome, type Ready } from './ready.js';
import { takeTurn } from './turns.js';
import { outsideTurn } from './violation.js';
import type { WorkflowDefinition } from './workflow.js';

/** Events that are read at once on replay. */
const pageSize = 1000;

type End = { readonly type: 'run-completed' } | { readonly type: 'run-failed'; readonly payload: string };

interface PendingNote {
  readonly command: Command;
  readonly note: Note;
  readonly recorded?: (() => void) | undefined;
}

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
export class PipelineExecution implements RunContext, Execution {
  readonly runId: string;
  readonly link: number;
  readonly maxPayloadBytes: number;
  clock = 0;

  readonly #host: ExecutionHost;
  readonly #workflow: WorkflowDefinition<unknown, unknown>;
  readonly #commands = new Commands();
  readonly #mailbox = new Mailbox();
  readonly #ready = new ReadyQueue(this.#mailbox);
  readonly #outputs = new Outputs();
  #phase: 'loading' | 'replaying' | 'idle' | 'committing' | 'delivering' | 'stopped' = 'loading';
  #notes: PendingNote[] = [];
  #turnCancels: Command[] = [];
  #aborts: Command[] = [];
  #unsubscribe: (() => void) | undefined;
  #end: End | undefined;
  #seq = 0;
  #batch = 0;
  #turnsLeft = 0;
  #lastAgreed: RunEvent | undefined;
  #status: RunRecord['status'];
  #wakeAt: number | undefined;

  constructor(record: RunRecord, workflow: WorkflowDefinition<unknown, unknown>, host: ExecutionHost) {
    this.runId = record.id;
    this.link = record.link;
    this.maxPayloadBytes = host.maxPayloadBytes;
    this.#workflow = workflow;
    this.#host = host;
    this.#status = record.status;
    this.#wakeAt = record.wakeAt;
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

  /** Whether the database knows that there is nothing to do before `nextDue`. */
  get parked(): boolean {
    return this.#status === 'waiting' && this.#wakeAt === this.#ready.nextDue();
  }

  // ── what the operators see ────────────────────────────────────────────────────────────────────────────────────────────

  issue(spec: CommandSpec): Command {
    const command = this.#commands.issue(spec, this.clock);
    if (spec.kind === 'signal') this.#ready.awaitSignal(command);
    else if (spec.kind === 'timer' || spec.kind === 'sleep') this.#ready.awaitTimer(command, spec.due);
    return command;
  }

  cancel(command: Command): void {
    if (command.state !== 'pending' || this.#phase === 'stopped' || this.#end) return;
    if (currentRun() === this) this.#turnCancels.push(command);
    else this.block(outsideTurn(`an unsubscription from ${command.key}`, this.runId));
  }

  guard(operator: string): boolean {
    if (this.#phase === 'stopped' || this.#end) return false;
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
    this.#unsubscribe?.();
    this.#unsubscribe = undefined;
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
    const wakeAt = this.nextDue;
    this.#phase = 'committing';
    this.#status = 'waiting';
    this.#wakeAt = wakeAt;
    const status = { status: 'waiting', at: this.#host.now(), ...(wakeAt === undefined ? {} : { wakeAt }) } as const;
    await this.#host.commit({ runId: this.runId, link: this.link, events: [], status });
    if (this.#isStopped()) return;
    this.#goLive();
  }

  /** Starts what the last batch issued and records what is ready. The host calls it in its commit tick. */
  async collect(): Promise<void> {
    if (this.#phase !== 'idle') return;
    this.#settleBatch();
    const ready = this.#end ? [] : this.#ready.take(this.#host.now());
    const notes = this.#notes.filter(({ command }) => command.state === 'pending');
    this.#notes = [];
    const outputs = this.#outputs.take();
    const end = this.#end;
    const status = this.#statusAfter(ready.length > 0, end);
    if (ready.length + notes.length + outputs.length === 0 && !status) {
      if (!this.#commands.working) this.#host.idle(this);
      this.#host.arm(this, this.nextDue);
      return;
    }

    const batch = this.#seq;
    const events: RunEvent[] = [];
    const add = (at: number, body: EventBody): void => {
      events.push({ seq: this.#seq, batch, epoch: 0, at, ...body });
      this.#seq += 1;
    };
    for (const output of outputs) add(output.at, output.body);
    for (const { command, note } of notes) add(this.clock, ofCommand(command, note));
    const firstDelivery = events.length;
    let clock = this.clock;
    for (const { command, outcome, time } of ready) {
      clock = Math.max(clock, outcome.type === 'timer-fired' ? time : this.#host.now());
      add(clock, ofCommand(command, outcome));
    }
    if (end) add(this.clock, end);

    this.#phase = 'committing';
    await this.#host.commit({
      runId: this.runId,
      link: this.link,
      events,
      ...this.#consumedBy(ready),
      ...(status ? { status } : {}),
    });
    if (this.#isStopped()) return;
    this.#phase = 'idle';
    if (end) {
      this.stop();
      this.#host.ended(this, end.type === 'run-failed' ? { error: decodeFailure(end.payload) } : undefined);
      return;
    }
    for (const { recorded } of notes) recorded?.();
    for (const { recorded } of ready) recorded?.();
    if (ready.length === 0) {
      this.#goLive();
      return;
    }
    this.#phase = 'delivering';
    this.#turnsLeft = ready.length;
    for (const event of events.slice(firstDelivery)) this.#queueTurn(event);
  }

  // ── turns ─────────────────────────────────────────────────────────────────────────────────────────────────────────────

  #queueTurn(event: RunEvent): void {
    takeTurn({
      run: this,
      begin: () => {
        this.#begin(event);
      },
      end: (thrown) => {
        this.#endTurn(thrown);
      },
    });
  }

  #begin(event: RunEvent): void {
    if (this.#phase === 'stopped') return;
    if (this.#end && event.type !== 'output-emitted') {
      // The rest of the batch in which the run ended is skipped, live and on replay alike.
      if (event.batch !== this.#batch) this.block(divergence.endedEarly(event, this.#lastAgreed));
      return;
    }
    switch (event.type) {
      case 'started':
        this.clock = event.at;
        this.#subscribe(event.payload);
        break;
      case 'output-emitted': {
        const found = this.#outputs.match(event);
        if (found !== undefined) this.block(divergence.changedOutput(event, found, this.#lastAgreed));
        break;
      }
      case 'run-completed':
      case 'run-failed':
        break;
      default:
        this.#meet(event);
    }
    this.#lastAgreed = event;
  }

  /** A delivery or a note meets the command that it is the record of. */
  #meet(event: RunEvent & (Delivery | Bookkeeping)): void {
    const missing = this.#outputs.unrecordedBefore(event.batch);
    if (missing !== undefined) {
      this.block(divergence.extraOutput(event, missing, this.#lastAgreed));
      return;
    }
    const verdict = decide(event, this.#commands.pending, this.#commands.cancelled);
    switch (verdict.type) {
      case 'deliver':
        this.clock = Math.max(this.clock, event.at);
        this.#batch = event.batch;
        this.#deliver(verdict.command, event as RunEvent & Delivery, verdict.last);
        break;
      case 'note':
        verdict.command.progress = verdict.progress;
        verdict.command.intended = verdict.intended;
        break;
      case 'skip':
        if (event.type === 'signal-received') this.#mailbox.giveBack(letterOf(event));
        break;
      case 'unasked':
        this.block(divergence.unasked(event, this.#commands.pending.values(), this.#lastAgreed));
        break;
      case 'changed-input':
        this.block(divergence.changedInput(event, verdict.command, this.#lastAgreed));
        break;
      case 'changed-kind':
        this.block(divergence.changedKind(event, verdict.command, this.#lastAgreed));
        break;
    }
  }

  #deliver(command: Command, event: RunEvent & Delivery, last: boolean): void {
    if (event.type === 'signal-received') this.#mailbox.consumed(event.index, command.spec.name);
    if (event.type === 'activity-emitted') {
      command.progress = { ...command.progress, emitted: event.index + 1, last: event.payload };
    }
    if (last) this.#commands.settle(command);
    command.spec.deliver(event);
  }

  #subscribe(input: string): void {
    const unsubscribe = this.#workflow.subscribe(this.#workflow.input.decode(input), {
      next: (value) => {
        if (this.guard('an output of the workflow')) this.#emit(value);
      },
      error: (error) => {
        if (this.guard('the end of the workflow')) this.#fail(error);
      },
      complete: () => {
        if (this.guard('the end of the workflow')) this.#end = { type: 'run-completed' };
      },
    });
    if (this.#isStopped()) unsubscribe();
    else this.#unsubscribe = unsubscribe;
  }

  #emit(value: unknown): void {
    try {
      const payload = limited(this.#workflow.output, this.maxPayloadBytes).encode(value);
      this.#outputs.emit({ payload, digest: digest(payload), at: this.clock, batch: this.#batch });
    } catch (error) {
      this.#fail(error);
    }
  }

  #fail(error: unknown): void {
    if (error instanceof DeterminismError) this.block(error);
    else this.#end ??= { type: 'run-failed', payload: encodeFailure(error) };
  }

  #endTurn(thrown: unknown): void {
    if (thrown !== undefined) this.#fail((thrown as { readonly error: unknown }).error);
    if (this.#phase === 'stopped') return;
    for (const command of this.#turnCancels) this.#cancelNow(command);
    this.#turnCancels = [];
    if (this.#end) this.#leavePipeline();
    this.#turnsLeft -= 1;
    if (this.#turnsLeft > 0) return;
    if (this.#phase === 'replaying') void this.#nextPage();
    else this.#goLive();
  }

  #cancelNow(command: Command): void {
    if (command.state !== 'pending') return;
    this.#commands.cancel(command);
    if (command.launched) this.#aborts.push(command);
  }

  /** The run has ended: what is still in flight is no longer wanted. */
  #leavePipeline(): void {
    this.#unsubscribe?.();
    this.#unsubscribe = undefined;
    for (const command of [...this.#commands.pending.values()]) this.#cancelNow(command);
  }

  // ── replay ────────────────────────────────────────────────────────────────────────────────────────────────────────────

  #lastPage = false;

  #replay(page: readonly RunEvent[], last: boolean): void {
    this.#lastPage = last;
    this.#turnsLeft = page.length;
    for (const event of page) this.#queueTurn(event);
    this.#seq += page.length;
    if (page.length === 0) this.#goLive();
  }

  async #nextPage(): Promise<void> {
    if (this.#lastPage || this.#end) {
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

  // ── between batches ───────────────────────────────────────────────────────────────────────────────────────────────────

  /**
   * A whole batch is delivered: what it issued and did not cancel starts now, exactly as at the end of a replay. Foreign code
   * runs here, and so never in a callback that goes on to begin somebody's turn.
   */
  #settleBatch(): void {
    this.#commands.cancelled.clear();
    for (const command of this.#aborts.splice(0)) this.#host.abort(this, command);
    if (this.#end) return;
    for (const command of this.#commands.takeIssued()) this.#launch(command);
  }

  #launch(command: Command): void {
    const { spec } = command;
    if (spec.kind !== 'activity' && spec.kind !== 'sideEffect') return;
    if (spec.kind === 'activity' && spec.task.options.intent && !command.intended) {
      this.note(command, { type: 'activity-intended' }, () => {
        command.intended = true;
        this.#launchNow(command);
      });
    } else this.#launchNow(command);
  }

  #launchNow(command: Command): void {
    command.launched = true;
    this.#host.launch(this, command);
  }

  #askForCommit(): void {
    if (this.#phase === 'idle') this.#host.ready(this);
  }

  #consumedBy(ready: readonly Ready[]): { readonly consumed?: readonly number[] } {
    const consumed = ready.flatMap(({ signal }) => (signal ? [signal.id] : []));
    return consumed.length > 0 ? { consumed } : {};
  }

  #statusAfter(delivers: boolean, end: End | undefined): RunCommit['status'] {
    const at = this.#host.now();
    if (end?.type === 'run-completed') return { status: 'completed', at };
    if (end) return { status: 'failed', at, detail: end.payload };
    if (this.#status === 'running' || !(delivers || this.#commands.working)) return undefined;
    // What follows may be in flight when the process dies: the run must not look as if it only waited.
    this.#status = 'running';
    this.#wakeAt = undefined;
    return { status: 'running', at };
  }

  #isStopped(): boolean {
    return this.#phase === 'stopped';
  }
}

const ofCommand = (command: Command, body: Outcome | Note): EventBody => {
  const { key, spec } = command;
  return { key, digest: spec.digest, ...body } as EventBody;
};

const letterOf = (event: RunEvent & { readonly type: 'signal-received' }): SignalRecord => ({
  id: event.index,
  name: event.key.slice('signal:'.length, event.key.lastIndexOf('#')),
  payload: event.payload,
  at: event.at,
});
