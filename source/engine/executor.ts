import type { RunEvent } from '../journal/event.js';
import type { RunRecord } from '../journal/run-record.js';

/** Whoever executes runs for an engine, as those see it who start them. */
export interface Executor {
  open(): Promise<void>;
  /** Keeps a place for a run that is being started; `undefined` when there is none. The answer gives it back. */
  reserve(): (() => void) | undefined;
  /** Executes a run that has just been started, of which nothing has to be read. */
  adopt(record: RunRecord, started: RunEvent): void;
  /** Executes a run that was stored for later, as soon as it is due and there is room. A record that has just been written need not be read. */
  expect(runId: string, startAt: number, record?: RunRecord): void;
  close(timeoutMs: number): Promise<void>;
  /** Stops at once and without a trace, as a killed process would. */
  crash(): void;
}

/** The longest time of a timer. */
const longMs = 2 ** 31 - 1;

/**
 * An engine that only starts, asks and watches: the workers of others execute what it stores. Like one with a worker it keeps its process
 * alive until it is closed: somebody may wait for a result.
 */
export class Onlooker implements Executor {
  #alive: NodeJS.Timeout | undefined;

  open(): Promise<void> {
    this.#alive = setInterval(() => undefined, longMs);
    return Promise.resolve();
  }

  reserve(): undefined {
    return undefined;
  }

  adopt(): void {
    // It is a worker's.
  }

  expect(): void {
    // A worker does.
  }

  close(): Promise<void> {
    this.crash();
    return Promise.resolve();
  }

  crash(): void {
    clearInterval(this.#alive);
  }
}
