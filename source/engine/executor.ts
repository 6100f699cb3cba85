import type { RunEvent } from '../journal/event.js';
import type { RunRecord } from '../journal/run-record.js';

/** Whoever executes runs for an engine, as those see it who start them. */
export interface Executor {
  open(): Promise<void>;
  /** Keeps a place for a run that is being started; `undefined` when there is none. The answer gives it back. */
  reserve(): (() => void) | undefined;
  /** Executes a run that has just been started, of which nothing has to be read. */
  adopt(record: RunRecord, started: RunEvent): void;
  /** Executes a run that was stored for later, as soon as it is due and there is room. */
  expect(runId: string, startAt: number): void;
  close(timeoutMs: number): Promise<void>;
  /** Stops at once and without a trace, as a killed process would. */
  crash(): void;
}

/** An engine that only starts, asks and watches: the workers of others execute what it stores. */
export const noExecutor: Executor = {
  open: () => Promise.resolve(),
  reserve: () => undefined,
  adopt: () => undefined,
  expect: () => undefined,
  close: () => Promise.resolve(),
  crash: () => undefined,
};
