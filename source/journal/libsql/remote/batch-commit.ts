import type { Worker } from '../../journal.js';
import type { BatchWriter } from './batch-writer.js';
import type { Entry, Waiting } from './entry.js';
import { sizeOf } from './query.js';
import { defaultRemoteOptions } from './remote-options.js';

export interface BatchCommitOptions {
  /** Statements in one batch. Default: 1,000. */
  readonly maxRowsPerCommit?: number;
  readonly maxBatchBytes?: number;
}

const defaultMaxStatements = 1000;

/**
 * Everything that is asked for within one macrotask, or while all lanes are busy, goes into one batch: one round trip. Several batches may
 * be on their way, each in its lane; what concerns one run is written in the order in which it was asked for, so that it waits for a
 * batch that has something of the same run.
 */
export class BatchCommit {
  readonly #idle: BatchWriter[];
  readonly #lanes: number;
  readonly #maxStatements: number;
  readonly #maxBytes: number;
  #queue: Waiting[] = [];
  /** Runs that are being written; how many batches are on their way. */
  readonly #taken = new Set<string>();
  #scheduled = false;
  #drained: (() => void)[] = [];

  constructor(lanes: readonly BatchWriter[], options: BatchCommitOptions) {
    this.#idle = [...lanes];
    this.#lanes = lanes.length;
    this.#maxStatements = options.maxRowsPerCommit ?? defaultMaxStatements;
    this.#maxBytes = options.maxBatchBytes ?? defaultRemoteOptions.maxBatchBytes;
  }

  add<T>(entry: Entry<T>, worker?: Worker): Promise<T> {
    return new Promise<T>((resolve, reject) => {
      // Each entry is answered with what it made itself.
      this.#queue.push({ entry, worker, reject, resolve: resolve as (value: unknown) => void });
      this.#schedule();
    });
  }

  /** Answers when everything that was asked for has been written or refused. */
  drain(): Promise<void> {
    if (this.#isDone) return Promise.resolve();
    return new Promise((resolve) => {
      this.#drained.push(resolve);
    });
  }

  get #isDone(): boolean {
    return this.#queue.length === 0 && this.#idle.length === this.#lanes;
  }

  #schedule(): void {
    if (this.#scheduled || this.#idle.length === 0) return;
    this.#scheduled = true;
    setImmediate(() => {
      this.#scheduled = false;
      this.#flush();
    });
  }

  #flush(): void {
    for (let lane = this.#idle.pop(); lane; lane = this.#idle.pop()) {
      const group = this.#takeGroup();
      if (group.length === 0) {
        this.#idle.push(lane);
        break;
      }
      void this.#write(lane, group);
    }
    if (this.#isDone) for (const resolve of this.#drained.splice(0)) resolve();
  }

  async #write(lane: BatchWriter, group: readonly Waiting[]): Promise<void> {
    const runs = group.flatMap(({ entry }) => entry.runs);
    for (const run of runs) this.#taken.add(run);
    await lane.write(group);
    for (const run of runs) this.#taken.delete(run);
    this.#idle.push(lane);
    // Those who were answered ask for more: that goes along.
    this.#schedule();
  }

  /** What fits into one batch and need not wait for another. What has to wait makes what follows on the same run wait as well. */
  #takeGroup(): readonly Waiting[] {
    const group: Waiting[] = [];
    const left: Waiting[] = [];
    const waiting = new Set<string>();
    let statements = 0;
    let bytes = 0;
    let isFull = false;
    for (const each of this.#queue) {
      const { entry } = each;
      const mayGo = (): boolean => !entry.runs.some((run) => this.#taken.has(run) || waiting.has(run));
      if (!isFull && mayGo()) {
        statements += entry.queries.length;
        for (const query of entry.queries) bytes += sizeOf(query);
        isFull =
          group.length > 0 && (entry.alone === true || statements > this.#maxStatements || bytes > this.#maxBytes);
      }
      if (isFull || !mayGo()) {
        left.push(each);
        for (const run of entry.runs) waiting.add(run);
        continue;
      }
      group.push(each);
      isFull = entry.alone === true;
    }
    this.#queue = left;
    return group;
  }
}
