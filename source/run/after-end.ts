import { DeterminismError } from '../errors.js';
import { isEnd, type End, type RunEvent } from '../journal/event.js';
import type { RunCommit } from '../journal/journal.js';
import type { RunRecord } from '../journal/run-record.js';
import { isTerminal } from '../journal/status.js';
import type { Command } from './command.js';
import type { Launches } from './commands.js';
import { isFailure } from './decide.js';
import type { Decision, Holds } from './decision.js';
import type { Encounter, History } from './history.js';
import type { ExecutionHost } from './host.js';
import type { LiveContext } from './live-context.js';
import type { Outcome, Ready } from './ready.js';
import { finalEnd, retryAfter } from './run-end.js';
import { statusAfter } from './stored-status.js';
import type { WorkflowDefinition } from './workflow.js';

/**
 * What comes after the pipeline's end.
 *
 * ```
 * open ─► closing ─► recorded ─► over
 *          clean-up    │  failed: what is in flight is let finish; a retry may come
 *                      └─► restart
 * ```
 */
export class AfterEnd {
  readonly #record: RunRecord;
  readonly #workflow: WorkflowDefinition<unknown, unknown>;
  readonly #run: LiveContext;
  readonly #history: History;
  /** The instant of the pipeline's end, once its clean-up has begun. */
  #closedAt: number | undefined;
  #isPlanned = false;
  #recorded: End | undefined;
  #recordedSeq = 0;
  /** When the retry policy sends the run back. */
  plannedAt: number | undefined;
  retryAt: number | undefined;

  constructor(record: RunRecord, workflow: WorkflowDefinition<unknown, unknown>, run: LiveContext, history: History) {
    this.#record = record;
    this.#workflow = workflow;
    this.#run = run;
    this.#history = history;
  }

  get isClosing(): boolean {
    return this.#run.pipeline.end !== undefined && !this.isRecorded;
  }

  /** What had been recorded while it was paused has ended it, and it goes on only to be cancelled: that is how it ends. */
  get isToBeCancelled(): boolean {
    const { pipeline, heldBatch } = this.#run;
    return this.isClosing && heldBatch !== undefined && pipeline.end?.type !== 'run-cancelled';
  }

  get isRecorded(): boolean {
    return this.#recorded !== undefined;
  }

  /** Recorded, and nothing will send it back by itself. */
  get isOver(): boolean {
    return this.isRecorded && this.retryAt === undefined;
  }

  get willRetry(): boolean {
    return this.plannedAt !== undefined;
  }

  /** It is cleaning up, and that will not be its end: it goes back, or on to its next link. */
  get goesOn(): boolean {
    return (
      this.isClosing && !this.isToBeCancelled && (this.willRetry || this.#run.pipeline.end?.type === 'run-continued')
    );
  }

  get failed(): { readonly index?: number; readonly seq: number } | undefined {
    return this.#recorded?.type === 'run-failed' ? { ...this.#recorded, seq: this.#recordedSeq } : undefined;
  }

  /** The failure of a run that waits for its retry. */
  get failure(): string | undefined {
    const end = this.#recorded ?? this.#run.pipeline.end;
    return end?.type === 'run-failed' ? end.payload : undefined;
  }

  /**
   * Which of the commands that were issued are started. A choice of version is recorded whatever happens. What a cancellation finds unstarted is
   * started, and aborted at once: after a crash nobody could tell whether it had been.
   */
  launches(decision: Decision | undefined, holds: Holds): Launches {
    if (this.isRecorded) return noneOfThem;
    const isCancelled =
      decision?.then === 'turn' && holds === 'no' && (!this.#run.pipeline.end || this.isToBeCancelled);
    if (isCancelled) return ({ batch, spec }) => spec.kind === 'version' || batch !== this.#run.heldBatch;
    if (decision || holds !== 'no') return choices;
    return this.#run.pipeline.end ? cleanUpAndChoices : allOfThem;
  }

  /** Its run has failed, and it is let finish. */
  isLate({ scope }: Command): boolean {
    return this.#run.pipeline.end?.type === 'run-failed' && !scope.cleanUp;
  }

  /** What comes then from a command: nobody hears of a failure. */
  isUnheard(command: Command, outcome: Outcome): boolean {
    return this.isLate(command) && isFailure(outcome);
  }

  /** Failures that had arrived before it failed and are not recorded yet: as of those that come later, nobody hears of them. */
  dropLateFailures(): void {
    if (this.#run.pipeline.end?.type !== 'run-failed') return;
    for (const { command, letter, recorded } of this.#run.ready.takeFailures((failed) => this.isLate(failed))) {
      // That of a child stays in the database: the retry has to know of it.
      if (letter === undefined) this.#run.commands.settle(command);
      recorded?.();
    }
  }

  /** Asks the retry policy, once; whether what is in flight has to hear that the run has failed for good. */
  isToBeSoftened(host: ExecutionHost): boolean {
    const { end } = this.#run.pipeline;
    if (this.#isPlanned || end?.type !== 'run-failed' || this.isRecorded || this.isToBeCancelled) return false;
    this.#isPlanned = true;
    const random = (): number => host.random();
    // Counted from its failure, not from the end of its clean-up, which a crash may put off.
    const now = this.#closedAt ?? this.#run.clock;
    this.plannedAt = retryAfter(end, this.#record, this.#workflow, { random, now });
    return !this.willRetry;
  }

  /** The end, once clean-up is over. */
  get toBeRecorded(): End | undefined {
    const { pipeline, cleanUps } = this.#run;
    return pipeline.end && !this.isRecorded && !cleanUps.pending ? finalEnd(pipeline.end, this.#run) : undefined;
  }

  /** It has been recorded; answers whether there is still something to wait for. */
  record(end: End, seq: number): boolean {
    this.#recorded = end;
    this.#recordedSeq = seq;
    this.retryAt = this.plannedAt;
    return end.type === 'run-failed' && (this.willRetry || this.#run.commands.inFlight);
  }

  statusAt(now: number): RunCommit['status'] {
    const { toBeRecorded } = this;
    return toBeRecorded && statusAfter(toBeRecorded, now);
  }

  /**
   * What is held back after a decision. A run that was paused while it waits for its retry has held back nothing that a replay would
   * deliver: it stays as it is, and hears of what it left in flight.
   */
  holdsAfter(decision: Decision | undefined, holds: Holds): Holds {
    if (decision?.then === 'hold') return 'paused';
    if (decision?.then !== 'restart') return holds;
    return this.isRecorded && !decision.goBack ? 'no' : 'restarting';
  }

  /** The journal is exhausted: a failure that is not the run's end waits for its retry. */
  replayed(wakeAt: number | undefined): void {
    if (this.failed && !isTerminal(this.#record.status)) this.retryAt = wakeAt ?? 0;
  }

  /** Outcomes were recorded that no turn delivers. The run's time moves on all the same. */
  settleUndelivered(outcomes: readonly Ready[], at: number): void {
    this.#run.clock = Math.max(this.#run.clock, at);
    for (const { command, outcome } of outcomes) {
      if (outcome.type === 'activity-emitted' || outcome.type === 'child-emitted') continue;
      command.launched = false;
      this.#run.commands.settle(command);
    }
  }

  /** The last thing within each turn. */
  settleTurn(): void {
    const run = this.#run;
    if (run.pipeline.end && this.#closedAt === undefined) {
      this.#closedAt = run.clock;
      run.close();
    } else run.cancellations.takeEffect();
    if (this.#closedAt !== undefined) run.settleCleanUp();
  }

  /** An event after the pipeline's end: clean-up, what was let finish, and the end itself. */
  meet(event: RunEvent): Encounter {
    const isFact = event.type === 'output-emitted' || event.type === 'saga-compensated';
    if (isFact) return this.#history.meet(event, this.#run.pipeline.end);
    if (isEnd(event)) return this.#meetEnd(event);
    if (!('key' in event)) return undefined;
    const command = this.#run.commands.pending.get(event.key);
    const isTakenBack = event.type === 'version-chosen' && !command;
    if (command?.scope.cleanUp || event.type === 'child-closed' || isTakenBack)
      return this.#history.meet(event, this.#run.pipeline.end);
    if (command && this.isLate(command)) {
      const encounter = this.#history.meet(event, this.#run.pipeline.end);
      if (encounter instanceof DeterminismError) return encounter;
      if (encounter) this.#run.note(command, encounter.delivery, encounter.last);
      this.#run.clock = Math.max(this.#run.clock, event.at);
      return undefined;
    }
    // The rest of the batch in which the run ended is skipped, live and on replay alike.
    if (event.batch !== this.#run.batch) return this.#history.endedEarly(event);
    this.#history.skip(event);
    return undefined;
  }

  #meetEnd(event: RunEvent & End): Encounter {
    const { pipeline } = this.#run;
    const encounter = this.#history.meet(event, pipeline.end && finalEnd(pipeline.end, this.#run));
    if (encounter === undefined) {
      this.#recorded = event;
      this.#recordedSeq = event.seq;
    }
    return encounter;
  }
}

const noneOfThem: Launches = () => false;
const allOfThem: Launches = () => true;
const choices: Launches = ({ spec }) => spec.kind === 'version';
const cleanUpAndChoices: Launches = (command) => command.scope.cleanUp || choices(command);
