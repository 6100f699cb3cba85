import { ActivityError } from '../errors.js';
import { defaultStreamBuffer, type ActivityTask } from '../run/activity.js';
import { activityName, type ActivitySpec, type Command } from '../run/command.js';
import type { AttemptFailure } from '../run/decide.js';
import type { Execution } from '../run/host.js';
import type { Outcome } from '../run/ready.js';
import { idempotencyKey } from '../run/step-key.js';
import { duration } from '../values/duration.js';
import { encodeFailure, messageOf } from '../values/failure.js';
import { nextAttempt, normalizeRetryPolicy, type NextAttempt } from '../values/retry-policy.js';
import { Attempt, UnrecordableResult, type AttemptReport } from './attempt.js';
import { HeartbeatDetails } from './heartbeat-details.js';
import type { Settings } from './options.js';

/**
 * All attempts of one activity, from its launch to its recorded end.
 *
 * ```
 * attempt 1 ─failed─► note the failure ─committed─► wait ─► attempt 2 ─► … ─► completed │ failed
 * ```
 *
 * It belongs to the engine, not to the pipeline: a run that left memory and comes back is attached to what is still in flight.
 */
export class ActivityRun implements AttemptReport {
  readonly #settings: Settings;
  readonly #spec: ActivitySpec;
  readonly #task: ActivityTask;
  #execution: Execution;
  #command: Command;
  #attempt: Attempt | undefined;
  #dueAt = 0;
  #cancelWait: (() => void) | undefined;
  #cancelOverall: (() => void) | undefined;
  #number: number;
  /** Values of the present attempt's stream, and how many of them are dropped because they are recorded. */
  #seen = 0;
  #skip = 0;
  /** Values of the stream that are recorded or on their way there. */
  #sent: number;
  #last: string | undefined;
  #unrecorded = 0;
  readonly #details: HeartbeatDetails;
  #resume: (() => void) | undefined;
  #over = false;
  #isLastAttempt = false;
  #ended: () => void = () => undefined;
  /** What came while the run was not in memory. */
  #kept: { readonly outcome: Outcome; readonly recorded?: (() => void) | undefined }[] = [];

  constructor(execution: Execution, command: Command, spec: ActivitySpec, settings: Settings) {
    this.#execution = execution;
    this.#command = command;
    this.#spec = spec;
    const run = settings.interceptActivity(activityName(spec), spec.task.run);
    this.#task = run === spec.task.run ? spec.task : { ...spec.task, run };
    this.#settings = settings;
    const { progress } = command;
    this.#number = progress.attempts;
    this.#sent = progress.emitted;
    this.#last = progress.last;
    this.#details = new HeartbeatDetails(progress.details, settings.maxPayloadBytes);
  }

  /** Starts the first attempt, or waits for the one that is due; `ended` is called once its end is recorded or it was stopped. */
  begin(ended: () => void): void {
    this.#ended = ended;
    const { attempts, retryAt = 0 } = this.#command.progress;
    this.#limitOverall();
    this.#isLastAttempt = this.#command.isLeft;
    if (attempts > 0) this.#startAt(retryAt);
    else this.#start();
  }

  /** Whether user code is at work, as opposed to waiting for the next attempt. */
  get inFlight(): boolean {
    return this.#attempt !== undefined || this.#unrecorded > 0 || this.#over;
  }

  /** The run has come back to memory, with a new command of the same key. */
  attach(execution: Execution, command: Command): void {
    this.#execution = execution;
    this.#command = command;
    for (const { outcome, recorded } of this.#kept.splice(0)) this.#send(outcome, recorded);
  }

  /** Ends it without an outcome: it was cancelled, or the engine closes. */
  stop(reason: unknown): void {
    this.#ended();
    if (!this.#finish()) return;
    this.#attempt?.close(reason);
    this.#attempt = undefined;
  }

  /** Its outcome counts, but nobody waits for it: its AbortSignal fires, and there is no other attempt. */
  soften(): void {
    this.#isLastAttempt = true;
    if (this.#attempt) this.#attempt.signal(leftAlone());
    else if (this.#cancelWait) this.#startAt(this.#dueAt);
  }

  /** An attempt that is due may have begun in a process that died: only one that cannot have begun is left out. */
  #startAt(instant: number): void {
    this.#cancelWait?.();
    this.#dueAt = instant;
    if (this.#isLastAttempt && instant > this.#settings.clock.now()) {
      this.#giveUp(leftAlone());
      return;
    }
    this.#cancelWait = this.#settings.clock.at(instant, () => {
      this.#cancelWait = undefined;
      this.#start();
    });
  }

  #start(): void {
    if (this.#over) return;
    if (!this.#execution.launches && this.#execution.status !== 'stopped') {
      // The run is paused: it is launched again when it goes on.
      this.#finish();
      this.#ended();
      this.#execution.released(this.#command);
      return;
    }
    this.#number += 1;
    const { runId, link } = this.#execution;
    const { key, epoch } = this.#command;
    this.#seen = 0;
    this.#skip = this.#task.options.resume === 'context' ? 0 : this.#sent;
    const context = {
      input: this.#task.input,
      attempt: this.#number,
      runId,
      stepKey: key,
      idempotencyKey: idempotencyKey(runId, link, epoch, key),
      emitted: this.#sent,
      last: this.#last === undefined ? undefined : this.#task.result.decode(this.#last),
      heartbeatDetails: this.#details.decoded,
      logger: this.#settings.logger,
    };
    const attempt = new Attempt(this.#spec.name, this.#task, context, this.#settings.clock, this);
    // It may have ended within its constructor: a function that returns a plain value does.
    if (attempt.isOpen) this.#attempt = attempt;
  }

  // ── what the present attempt reports ──────────────────────────────────────────────────────────────────────────────────

  value(value: unknown): void {
    this.#attempt = undefined;
    let payload: string;
    try {
      payload = this.#task.result.encode(value);
    } catch (error) {
      // The effect has happened: repeating it would not make its result any more recordable.
      this.#giveUp(error, 'RESULT_UNRECORDABLE');
      return;
    }
    this.#deliverLast({ type: 'activity-completed', payload });
  }

  emitted(value: unknown, mayPause: boolean): Promise<void> | undefined {
    this.#seen += 1;
    return this.#seen <= this.#skip ? undefined : this.#emit(value, mayPause);
  }

  done(): void {
    this.#attempt = undefined;
    this.#deliverLast({ type: 'activity-completed' });
  }

  failed(error: unknown): void {
    this.#attempt = undefined;
    this.#fail(error);
  }

  heartbeat(details: unknown): void {
    const payload = this.#details.tell(details, this.#settings.clock.now());
    if (payload === undefined) return;
    const note = { type: 'activity-heartbeat', index: this.#number, payload } as const;
    this.#execution.note(this.#command, note);
  }

  // ──────────────────────────────────────────────────────────────────────────────────────────────────────────────────────

  #emit(value: unknown, mayPause: boolean): Promise<void> | undefined {
    const buffer = this.#task.options.buffer ?? defaultStreamBuffer;
    if (this.#unrecorded >= buffer) {
      throw new ActivityError(
        'BUFFER_OVERFLOW',
        `the stream of activity "${this.#spec.name}" is ${buffer} values ahead of the journal. An Observable cannot be paused: ` +
          'return an AsyncIterable, slow it down, or raise `buffer`',
      );
    }
    const payload = this.#encodeEmission(value);
    const index = this.#sent;
    this.#sent += 1;
    this.#last = payload;
    this.#unrecorded += 1;
    this.#send({ type: 'activity-emitted', index, payload }, () => {
      this.#unrecorded -= 1;
      this.#resume?.();
    });
    if (!mayPause || this.#unrecorded < buffer) return undefined;
    return new Promise((resolve) => {
      this.#resume = resolve;
    });
  }

  #encodeEmission(value: unknown): string {
    try {
      return this.#task.result.encode(value);
    } catch (error) {
      throw new UnrecordableResult(error);
    }
  }

  #fail(error: unknown): void {
    if (error instanceof UnrecordableResult) {
      this.#giveUp(error.cause, 'RESULT_UNRECORDABLE');
      return;
    }
    if (error instanceof ActivityError && error.code === 'BUFFER_OVERFLOW') {
      this.#giveUp(error);
      return;
    }
    const { clock, random } = this.#settings;
    const policy = normalizeRetryPolicy(this.#task.options.retry ?? {});
    let next: NextAttempt;
    try {
      next = nextAttempt(policy, this.#number, error, random, clock.now());
    } catch (thrown) {
      // A `nonRetryable` of the user's that throws itself.
      this.#giveUp(thrown);
      return;
    }
    if (!next.retry || this.#isLastAttempt) {
      this.#giveUp(error);
      return;
    }
    const retryAt = clock.now() + next.delayMs;
    const failure: AttemptFailure = {
      failure: encodeFailure(error),
      retryAt,
      ...(this.#details.last === undefined ? {} : { details: this.#details.last }),
    };
    const note = { type: 'activity-attempt-failed', index: this.#number, payload: JSON.stringify(failure) } as const;
    // The next attempt starts once the failure of this one is in the journal.
    this.#execution.note(this.#command, note, () => {
      if (!this.#over) this.#startAt(retryAt);
    });
  }

  #giveUp(error: unknown, code = error instanceof ActivityError ? error.code : 'ACTIVITY_FAILED'): void {
    const attempts = this.#number === 1 ? 'its only attempt' : `${this.#number} attempts`;
    const text = messageOf(error);
    const final = new ActivityError(code, `activity "${this.#spec.name}" failed after ${attempts}: ${text}`, {
      cause: error,
    });
    this.#deliverLast({ type: 'activity-failed', index: this.#number, payload: encodeFailure(final) });
  }

  #deliverLast(outcome: Outcome): void {
    if (this.#finish()) this.#send(outcome, this.#ended);
  }

  #send(outcome: Outcome, recorded?: () => void): void {
    if (this.#execution.status === 'stopped') this.#kept.push({ outcome, recorded });
    else this.#execution.arrive(this.#command, outcome, recorded);
  }

  #limitOverall(): void {
    const { overallTimeout } = this.#task.options;
    if (overallTimeout === undefined) return;
    const ms = duration(overallTimeout);
    this.#cancelOverall = this.#settings.clock.at(this.#command.issuedAt + ms, () => {
      const attempt = this.#attempt;
      const error = new ActivityError(
        'ACTIVITY_TIMEOUT',
        `activity "${this.#spec.name}" ran into its overallTimeout of ${ms} ms`,
      );
      this.#giveUp(error);
      attempt?.close(error);
      this.#attempt = undefined;
    });
  }

  #finish(): boolean {
    if (this.#over) return false;
    this.#over = true;
    this.#cancelWait?.();
    this.#cancelOverall?.();
    this.#resume?.();
    return true;
  }
}

const leftAlone = (): DOMException => new DOMException('nobody waits for this activity any more', 'AbortError');
