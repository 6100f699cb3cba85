import type { Codec } from '../values/codec.js';

/** Where a run's pipeline reports to. */
export interface PipelineObserver<O> {
  next(value: O): void;
  error(error: unknown): void;
  complete(): void;
}

/** A named, versioned definition. Made by `workflow`; the engine registers it, a run subscribes to it. */
export interface WorkflowDefinition<I, O> {
  readonly name: string;
  readonly version: number;
  readonly input: Codec<I>;
  readonly output: Codec<O>;
  /** Subscribes the pipeline to one input; the answer unsubscribes. */
  subscribe(input: I, observer: PipelineObserver<O>): () => void;
}

/** A definition whose types have been forgotten, as registries hold them. */
export interface AnyWorkflow {
  readonly name: string;
  readonly version: number;
  readonly input: { encode(value: never): string; decode(text: string): unknown };
  readonly output: { encode(value: never): string; decode(text: string): unknown };
  subscribe(input: never, observer: PipelineObserver<unknown>): () => void;
}
