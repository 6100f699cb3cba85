import type { EventBody, OutputEmitted, RunEvent } from '../journal/event.js';

export interface Output {
  readonly payload: string;
  readonly digest: string;
  /** The run's clock in the turn that emitted it. */
  readonly at: number;
  /** The batch of the event whose turn emitted it. */
  readonly batch: number;
}

/**
 * The outputs of a run that wait for their record. Live, they are written with the next commit; on replay the recorded ones are
 * compared. A commit writes the outputs of all earlier batches first: an output that is missing although a later batch is
 * there was not emitted by the code that wrote the journal.
 */
export class Outputs {
  #waiting: Output[] = [];
  #recorded = 0;

  emit(output: Output): void {
    this.#waiting.push(output);
  }

  get waiting(): boolean {
    return this.#waiting.length > 0;
  }

  /** Compares a recorded output with what the code emitted; answers with what was found instead, if it differs. */
  match(event: OutputEmitted & Pick<RunEvent, 'at'>): string | undefined {
    const output = this.#waiting[0];
    if (!output) return 'no such output';
    if (output.digest !== event.digest) return `output ${event.index} with another value`;
    if (output.at !== event.at) return `output ${event.index} at another time`;
    this.#waiting.shift();
    this.#recorded += 1;
    return undefined;
  }

  /** All outputs so far that count. */
  get total(): number {
    return this.#recorded + this.#waiting.length;
  }

  /** The index of the first output that has no record. */
  get next(): number | undefined {
    return this.waiting ? this.#recorded : undefined;
  }

  /** The index of an output that should have been recorded before an event of this batch, if there is one. */
  unrecordedBefore(batch: number): number | undefined {
    const output = this.#waiting[0];
    return output && output.batch < batch ? this.#recorded : undefined;
  }

  /** Removes and returns what is to be written now. */
  take(): readonly { readonly at: number; readonly body: EventBody }[] {
    if (this.#waiting.length === 0) return none;
    const bodies = this.#waiting.map(({ payload, digest, at }, place) => ({
      at,
      body: { type: 'output-emitted', index: this.#recorded + place, digest, payload } as const,
    }));
    this.#recorded += this.#waiting.length;
    this.#waiting = [];
    return bodies;
  }
}

const none: readonly never[] = [];
