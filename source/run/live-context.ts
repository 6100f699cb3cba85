import { RunError, type DeterminismError } from '../errors.js';
import type { Delivery, RunEvent } from '../journal/event.js';
import type { RunRecord } from '../journal/run-record.js';
import { limited, type Codec } from '../values/codec.js';
import { digest } from '../values/digest.js';
import { encodeFailure } from '../values/failure.js';
import { Cancellations } from './cancellations.js';
import { CleanUps, type CleanUpDone } from './clean-ups.js';
import type { Command, CommandSpec } from './command.js';
import { Commands } from './commands.js';
import { Compensated } from './compensated.js';
import { currentRun, type RunContext } from './context.js';
import { Exposures } from './exposures.js';
import { Mailbox } from './mailbox.js';
import { Outputs } from './outputs.js';
import { Pipeline } from './pipeline.js';
import { ReadyQueue } from './ready.js';
import { renewedSagas } from './rewinds.js';
import { cleanUpScope, mainScope, type Scope } from './scope.js';
import { Versions } from './versions.js';
import { outsideTurn } from './violation.js';
import type { WorkflowDefinition } from './workflow.js';

/** What the operators' side of a run needs to know of its execution. */
export interface ContextOwner {
  readonly maxPayloadBytes: number;
  isStopped(): boolean;
  /** Whether the journal has more than the batch that is being delivered. */
  hasMore(): boolean;
  block(error: DeterminismError): void;
}

/** A run as its pipeline sees it: what it has asked for, what waits for it, what it has published, and what time it is. */
export class LiveContext implements RunContext {
  readonly runId: string;
  readonly priority: number;
  readonly maxPayloadBytes: number;
  clock = 0;
  /** The batch and the `seq` of the event that is being delivered. */
  batch = 0;
  seq = 0;
  scope: Scope = mainScope;
  /** What was asked for in this batch is not begun when the run is cancelled. */
  heldBatch: number | undefined;

  readonly commands: Commands;
  readonly cancellations: Cancellations;
  readonly mailbox = new Mailbox();
  readonly ready = new ReadyQueue(this.mailbox);
  readonly outputs = new Outputs();
  readonly exposures = new Exposures();
  readonly compensated = new Compensated();
  readonly cleanUps = new CleanUps();
  readonly versions: Versions;
  readonly pipeline: Pipeline;
  /** Whether the next link is to have the newest version. */
  takesNewest = false;
  /** The timer of the workflow's own timeout. */
  timeout: Command | undefined;

  readonly #owner: ContextOwner;
  readonly #workflow: WorkflowDefinition<unknown, unknown>;

  constructor(record: RunRecord, workflow: WorkflowDefinition<unknown, unknown>, owner: ContextOwner) {
    this.runId = record.id;
    this.priority = record.priority;
    this.maxPayloadBytes = owner.maxPayloadBytes;
    this.commands = new Commands(renewedSagas(record.rewinds ?? []));
    this.cancellations = new Cancellations(this.commands);
    this.versions = new Versions(record.versions);
    this.#workflow = workflow;
    this.#owner = owner;
    const output = limited(workflow.output, owner.maxPayloadBytes);
    this.pipeline = new Pipeline(workflow, {
      guard: (operator) => this.guard(operator),
      block: (error) => {
        owner.block(error);
      },
      emit: (value) => {
        const payload = output.encode(value);
        this.outputs.emit({ payload, digest: digest(payload), at: this.clock, batch: this.batch });
      },
      seq: () => this.seq,
    });
  }

  within<T>(scope: Scope, work: () => T): T {
    const before = this.scope;
    this.scope = scope;
    try {
      return work();
    } finally {
      this.scope = before;
    }
  }

  issue(spec: CommandSpec): Command {
    const command = this.commands.issue(spec, this.clock, this.batch, this.scope);
    if (spec.kind === 'signal') this.ready.awaitSignal(command);
    else if (spec.kind === 'version') this.versions.asks(command, spec.newest);
    // The journal counts whole milliseconds.
    else if (spec.kind === 'timer' || spec.kind === 'sleep') this.ready.awaitTimer(command, Math.ceil(spec.due));
    return command;
  }

  cancel(command: Command): void {
    if (command.state !== 'pending' || this.#owner.isStopped()) return;
    if (currentRun() === this) this.cancellations.ask(command);
    else if (!this.pipeline.end) this.block(outsideTurn(`an unsubscription from ${command.key}`, this.runId));
  }

  letFinish(command: Command, { abort }: { readonly abort: boolean }): boolean {
    if (command.state !== 'pending' || !this.guardTeardown(`an unsubscription from ${command.key}`)) return false;
    // It starts when its batch is delivered: until then nothing has been done. Live and on replay alike.
    if (command.batch === this.batch) {
      this.cancellations.ask(command);
      return false;
    }
    command.scope = cleanUpScope;
    if (abort) {
      command.isLeft = true;
      this.cancellations.soften(command);
    }
    return true;
  }

  cleanUp(begin: (done: CleanUpDone) => void): void {
    if (!this.guardTeardown('clean-up')) return;
    this.within({ cleanUp: true, saga: this.scope.saga }, () => {
      begin(this.cleanUps.begin());
    });
  }

  guard(operator: string): boolean {
    if (this.#owner.isStopped()) return false;
    if (this.pipeline.end) return currentRun() === this && this.scope.cleanUp;
    if (currentRun() === this) return true;
    this.block(outsideTurn(operator, this.runId));
    return false;
  }

  guardTeardown(operator: string): boolean {
    if (this.#owner.isStopped()) return false;
    if (currentRun() === this) return true;
    if (!this.pipeline.end) this.block(outsideTurn(operator, this.runId));
    return false;
  }

  block(error: DeterminismError): void {
    this.#owner.block(error);
  }

  sagaKey(name: string): string {
    return this.commands.sagaKey(name);
  }

  compensates(sagaKey: string, since: number): void {
    this.compensated.add(sagaKey, since);
  }

  expose(name: string, payload: string): void {
    this.exposures.set(name, payload, this.clock, this.batch);
  }

  versionOf(change: string): number | 'passed' | undefined {
    const seen = this.versions.seen(change);
    if (seen !== undefined) return seen;
    return this.versions.recorded(change) === undefined && this.#owner.hasMore() ? 'passed' : undefined;
  }

  seeVersion(change: string, version: number): void {
    this.versions.see(change, version);
  }

  continueAs(input: unknown, newest: boolean): void {
    const codec: Codec<unknown> = limited(this.#workflow.input, this.maxPayloadBytes);
    const payload = codec.encode(input);
    this.takesNewest = newest;
    this.pipeline.finish({ type: 'run-continued', payload });
  }

  // ── what the execution delivers ───────────────────────────────────────────────────────────────────────────────────────

  /** The first turn of the link. */
  begin(input: string): void {
    const { timeoutMs } = this.#workflow.limits;
    if (timeoutMs !== undefined) this.#limitRun(timeoutMs);
    this.pipeline.subscribe(input);
  }

  deliver(command: Command, event: RunEvent & Delivery, last: boolean): void {
    this.clock = Math.max(this.clock, event.at);
    if (event.type === 'signal-received') this.mailbox.consumed(event.index, command.spec.name);
    this.note(command, event, last);
    this.scope = command.scope;
    command.spec.deliver(event);
    // Promises that clean-up has settled belong to what is left of the pipeline.
    if (command.scope.cleanUp) this.scope = mainScope;
  }

  /** How far a command has come, whether or not its record is delivered. */
  note(command: Command, event: RunEvent & Delivery, last: boolean): void {
    if (event.type === 'activity-emitted') {
      command.progress = { ...command.progress, emitted: event.index + 1, last: event.payload };
    }
    if (event.type === 'child-emitted') {
      command.child = { ...command.child, place: Math.max(command.child.place, event.index) };
    }
    if (last) this.commands.settle(command);
  }

  /** Nothing can swallow it: the pipeline is not told, it is left. What it had come to while it was paused does not count. */
  cancelRun(): void {
    const hasEnded = this.pipeline.end !== undefined;
    const error = new RunError('RUN_CANCELLED', `run "${this.runId}" was cancelled`);
    this.pipeline.cancel({ type: 'run-cancelled', payload: encodeFailure(error) });
    if (hasEnded) this.#cancelPending();
  }

  /**
   * The pipeline is at its end: whatever is still subscribed is left, within the turn, so that it may clean up. What a failure leaves in
   * flight is let finish, so that a retry finds it; anything else is cancelled.
   */
  close(): void {
    this.pipeline.leave();
    if (this.pipeline.end?.type === 'run-failed') this.cancellations.forget();
    else {
      this.cancellations.takeEffect();
      this.#cancelPending();
    }
    this.ready.forgetWaits(({ scope }) => !scope.cleanUp);
    if (this.cleanUps.pending) this.#limitCleanUp();
  }

  /** What clean-up is left when its time is over is not waited for. */
  settleCleanUp(): void {
    if (this.cleanUps.pending) return;
    for (const command of [...this.commands.pending.values()]) {
      if (command.scope.cleanUp) this.cancellations.cancel(command);
    }
  }

  #cancelPending(): void {
    for (const command of [...this.commands.pending.values()]) {
      if (!command.scope.cleanUp) this.cancellations.cancel(command);
    }
  }

  /** Who goes back by hand has the whole time once more. */
  renewTimeout(at: number): void {
    const { timeoutMs } = this.#workflow.limits;
    if (timeoutMs !== undefined && this.timeout?.state === 'pending') {
      this.ready.rearm(this.timeout, Math.ceil(at + timeoutMs));
    }
  }

  #limitRun(lengthMs: number): void {
    this.timeout = this.issue({
      kind: 'timer',
      name: 'workflow timeout',
      digest: '',
      due: this.clock + lengthMs,
      deliver: ({ seq }) => {
        const error = new RunError('RUN_TIMEOUT', `run "${this.runId}" took longer than its timeout of ${lengthMs} ms`);
        this.pipeline.finish({ type: 'run-failed', index: seq, payload: encodeFailure(error) });
      },
    });
  }

  #limitCleanUp(): void {
    const limitMs = this.#workflow.limits.cleanUpLimitMs;
    this.within(cleanUpScope, () =>
      this.issue({
        kind: 'timer',
        name: 'clean-up limit',
        digest: '',
        due: this.clock + limitMs,
        deliver: () => {
          this.cleanUps.cutOff(
            new RunError(
              'CLEANUP_FAILED',
              `the clean-up of run "${this.runId}" took longer than its limit of ${limitMs} ms`,
            ),
          );
        },
      }),
    );
  }
}
