import { isActivity, type Command } from '../run/command.js';
import type { Execution } from '../run/host.js';
import { idempotencyKey } from '../run/step-key.js';
import { encodeFailure } from '../values/failure.js';
import { ActivityRun } from './activity-run.js';
import type { Settings } from './options.js';

/** Everything that is being executed by this worker, by run, link and step key. */
export class Activities {
  readonly #settings: Settings;
  readonly #runs = new Map<string, ActivityRun>();
  #closing = false;
  #drained: (() => void) | undefined;

  constructor(settings: Settings) {
    this.#settings = settings;
  }

  launch(execution: Execution, command: Command): void {
    const { spec } = command;
    if (spec.kind === 'sideEffect') compute(execution, command, spec.compute);
    if (!isActivity(spec)) return;
    const id = keyOf(execution, command);
    const inFlight = this.#runs.get(id);
    if (inFlight) {
      inFlight.attach(execution, command);
      return;
    }
    if (this.#closing) return;
    const run = new ActivityRun(execution, command, spec, this.#settings);
    const ended = (): void => {
      // Its run may be back by now, and have begun it anew.
      if (this.#runs.get(id) === run) this.#runs.delete(id);
      this.#checkDrained();
    };
    this.#runs.set(id, run);
    run.begin(ended);
  }

  /** Nobody waits for it any more. */
  abort(execution: Execution, command: Command): void {
    const reason = new DOMException('the pipeline has unsubscribed from this activity', 'AbortError');
    this.#runs.get(keyOf(execution, command))?.stop(reason);
  }

  /** Nobody waits for it any more, but whether it takes effect matters: its AbortSignal fires, and no other attempt begins. */
  soften(execution: Execution, command: Command): void {
    this.#runs.get(keyOf(execution, command))?.soften();
  }

  /** Starts nothing new, and answers when all that is in flight is recorded, or stopped because the time is over. */
  async close(timeoutMs: number): Promise<void> {
    this.#closing = true;
    let timer: NodeJS.Timeout | undefined;
    await new Promise<void>((resolve) => {
      this.#drained = resolve;
      timer = setTimeout(resolve, timeoutMs);
      this.#checkDrained();
    });
    clearTimeout(timer);
    this.stopAll();
  }

  /** The end of this worker: nothing is recorded any more. */
  stopAll(): void {
    this.#closing = true;
    const reason = new DOMException('the engine has closed; the activity will run again', 'AbortError');
    for (const run of [...this.#runs.values()]) run.stop(reason);
  }

  /** Their runs are another worker's now: they are told, and what they give is not recorded. */
  abandon(): void {
    const reason = new DOMException('another worker has taken over; the activity runs again there', 'AbortError');
    const runs = [...this.#runs.values()];
    this.#runs.clear();
    for (const run of runs) run.stop(reason);
  }

  #checkDrained(): void {
    // Only a closing engine asks: going through all of them at each end would cost the square of a fan-out.
    if (this.#drained && ![...this.#runs.values()].some((run) => run.inFlight)) this.#drained();
  }
}

const keyOf = ({ runId, link }: Execution, { key, epoch }: Command): string => idempotencyKey(runId, link, epoch, key);

const compute = (execution: Execution, command: Command, fn: () => string): void => {
  let payload: string;
  try {
    payload = fn();
  } catch (error) {
    execution.arrive(command, { type: 'activity-failed', index: 1, payload: encodeFailure(error) });
    return;
  }
  execution.arrive(command, { type: 'side-effect-recorded', payload });
};
