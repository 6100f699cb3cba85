import type { Codec } from '../values/codec.js';
import type { RetryPolicy } from '../values/retry-policy.js';

/** Where a run's pipeline reports to. */
export interface PipelineObserver<O> {
  next(value: O): void;
  error(error: unknown): void;
  complete(): void;
}

/** What holds for a run as a whole. */
export interface RunLimits {
  /** A run that fails goes back to where the failure began and on from there, so often. Default: it fails for good. */
  readonly retry?: RetryPolicy;
  /** From the beginning of the link, ms. */
  readonly timeoutMs?: number;
  /** How long clean-up may take after the end of the pipeline, ms. */
  readonly cleanUpLimitMs: number;
}

/** A named, versioned definition. Made by `workflow`; the engine registers it, a run subscribes to it. */
export interface WorkflowDefinition<I, O> {
  readonly name: string;
  readonly version: number;
  readonly input: Codec<I>;
  readonly output: Codec<O>;
  readonly limits: RunLimits;
  /** Subscribes the pipeline to one input; the answer unsubscribes. */
  subscribe(input: I, observer: PipelineObserver<O>): () => void;
}

/** A definition whose types have been forgotten, as registries hold them. */
export interface AnyWorkflow {
  readonly name: string;
  readonly version: number;
  readonly input: { encode(value: never): string; decode(text: string): unknown };
  readonly output: { encode(value: never): string; decode(text: string): unknown };
  readonly limits: RunLimits;
  subscribe(input: never, observer: PipelineObserver<unknown>): () => void;
}
