import { DeterminismError } from '../errors.js';
import { encodeFailure } from '../values/failure.js';
import type { End } from './compose.js';
import type { WorkflowDefinition } from './workflow.js';

/** What the pipeline's run does with what comes out of it. */
export interface PipelineOwner {
  /** Whether it came in the run's turn. */
  guard(operator: string): boolean;
  block(error: DeterminismError): void;
  /** May throw what makes the value unfit for the journal. */
  emit(value: unknown): void;
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
        if (this.#owner.guard('the end of the workflow')) this.#end = { type: 'run-completed' };
      },
    });
    if (this.#left) unsubscribe();
    else this.#unsubscribe = unsubscribe;
  }

  /** The run has failed with this, unless it broke a rule of replay: that blocks it. */
  fail(error: unknown): void {
    if (error instanceof DeterminismError) this.#owner.block(error);
    else this.#end ??= { type: 'run-failed', payload: encodeFailure(error) };
  }

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
