import { DeterminismError } from '../errors.js';
import type { End } from '../journal/event.js';
import { encodeFailure } from '../values/failure.js';
import { originOf } from './failure-origin.js';
import type { WorkflowDefinition } from './workflow.js';

/** What the pipeline's run does with what comes out of it. */
export interface PipelineOwner {
  /** Whether it came in the run's turn. */
  guard(operator: string): boolean;
  block(error: DeterminismError): void;
  /** May throw what makes the value unfit for the journal. */
  emit(value: unknown): void;
  /** The `seq` of the event that is being delivered. */
  seq(): number;
}

/** The workflow's own pipeline, subscribed, and how it ended. */
export class Pipeline {
  readonly #workflow: WorkflowDefinition<unknown, unknown>;
  readonly #owner: PipelineOwner;
  #unsubscribe: (() => void) | undefined;
  #left = false;
  #end: End | undefined;

  constructor(workflow: WorkflowDefinition<unknown, unknown>, owner: PipelineOwner) {
    this.#workflow = workflow;
    this.#owner = owner;
  }

  get end(): End | undefined {
    return this.#end;
  }

  subscribe(input: string): void {
    const unsubscribe = this.#workflow.subscribe(this.#workflow.input.decode(input), {
      next: (value) => {
        if (this.#owner.guard('an output of the workflow')) this.#emit(value);
      },
      error: (error) => {
        if (this.#owner.guard('the end of the workflow')) this.fail(error);
      },
      complete: () => {
        if (this.#owner.guard('the end of the workflow')) this.finish({ type: 'run-completed' });
      },
    });
    if (this.#left) unsubscribe();
    else this.#unsubscribe = unsubscribe;
  }

  /**
   * The run has failed with this, unless it broke a rule of replay: that blocks it. A retry goes back to where the error was recorded; one
   * that the pipeline made itself came of the event that is being delivered, which is delivered again.
   */
  fail(error: unknown): void {
    if (error instanceof DeterminismError) this.#owner.block(error);
    else {
      const index = originOf(error) ?? this.#owner.seq() + 1;
      this.finish({ type: 'run-failed', index, payload: encodeFailure(error) });
    }
  }

  /** The first end counts. */
  finish(end: End): void {
    this.#end ??= end;
  }

  /** Whatever it came to before. */
  cancel(end: End): void {
    this.#end = end;
  }

  /** The engine's own teardown; within a turn, what the end of the run means to whatever is still subscribed. */
  leave(): void {
    this.#left = true;
    this.#unsubscribe?.();
    this.#unsubscribe = undefined;
  }

  /** An error that is thrown into RxJS from here would be reported to the process instead of the run. */
  #emit(value: unknown): void {
    try {
      this.#owner.emit(value);
    } catch (error) {
      this.fail(error);
    }
  }
}
