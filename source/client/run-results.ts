import { EngineError } from '../errors.js';
import type { EventType, PositionedEvent } from '../journal/event.js';
import { CatchUp } from '../journal/catch-up.js';
import type { Journal } from '../journal/journal.js';
import type { RunRecord } from '../journal/run-record.js';
import { isTerminal } from '../journal/status.js';
import { decodeFailure } from '../values/failure.js';

/** The record of a run that has completed, and its last output if that came while somebody waited. */
export interface Ended {
  readonly record: RunRecord;
  readonly output: string | undefined;
}

interface Waiter {
  readonly resolve: (ended: Ended) => void;
  readonly reject: (error: unknown) => void;
}

interface Waiting {
  readonly waiters: Waiter[];
  output: { readonly index: number; readonly payload: string } | undefined;
}

const forgets: ReadonlySet<EventType> = new Set(['run-retried', 'run-rewound', 'run-continued']);

/** After so long what could not be read is read again: there may be nobody left who writes, and so tells that there is something to read. */
const readAgainMs = 1000;

/** Who waits for the end of which run. One ear on the journal serves them all. */
export class RunResults {
  readonly #journal: Journal;
  readonly #waiters = new Map<string, Waiting>();
  readonly #stop: () => void;
  readonly #catchUp: CatchUp;
  #again: NodeJS.Timeout | undefined;

  constructor(journal: Journal, againMs = readAgainMs) {
    this.#journal = journal;
    this.#catchUp = new CatchUp(
      () => this.#readAll(),
      () => {
        clearTimeout(this.#again);
        this.#again = setTimeout(() => {
          this.#catchUp.ask();
        }, againMs).unref();
      },
    );
    this.#stop = journal.subscribe((changes) => {
      for (const change of changes) {
        if (change.type === 'foreign') this.#catchUp.ask();
        else if (change.type === 'events') this.#remember(change.events);
        else if (change.type === 'run') this.#settle(change.run);
      }
    });
  }

  /** The end of a run that has completed; rejects with the error of one that ended otherwise or is blocked. */
  async ended(runId: string): Promise<Ended> {
    const end = new Promise<Ended>((resolve, reject) => {
      const waiting = this.#waiters.get(runId) ?? { waiters: [], output: undefined };
      waiting.waiters.push({ resolve, reject });
      this.#waiters.set(runId, waiting);
    });
    if (this.#journal.isRunningHere?.(runId)) return end;
    // It waits first and reads second: an end in between is heard.
    this.#journal.run(runId).then(
      (record) => {
        this.#answer(runId, record);
      },
      (error: unknown) => {
        this.#reject(runId, error);
      },
    );
    return end;
  }

  close(): void {
    this.#stop();
    this.#catchUp.stop();
    clearTimeout(this.#again);
    const closed = new EngineError(
      'ENGINE_CLOSED',
      'the engine was closed before the run ended; open it again to go on',
    );
    for (const runId of [...this.#waiters.keys()]) this.#reject(runId, closed);
  }

  /** Others may have brought them to their end. */
  async #readAll(): Promise<void> {
    for (const [runId, waiting] of [...this.#waiters]) {
      waiting.output = undefined;
      this.#answer(runId, await this.#journal.run(runId));
    }
  }

  /** One that is not there any more has ended, and was pruned. */
  #answer(runId: string, record: RunRecord | undefined): void {
    if (record) this.#settle(record);
    else this.#reject(runId, new EngineError('RUN_NOT_FOUND', `there is no run "${runId}" in this database`));
  }

  #remember(events: readonly PositionedEvent[]): void {
    const [first] = events;
    const waiting = first && this.#waiters.get(first.runId);
    if (!waiting) return;
    for (const { event } of events) {
      if (event.type === 'output-emitted') waiting.output = event;
      // What came before counts no longer, or not for this link: the last output is read then.
      else if (forgets.has(event.type)) waiting.output = undefined;
      // A later one was written by another process.
      else if (event.type === 'run-completed' && event.index !== (waiting.output?.index ?? -1) + 1)
        waiting.output = undefined;
    }
  }

  #settle(record: RunRecord): void {
    if (record.status === 'completed') {
      const output = this.#waiters.get(record.id)?.output?.payload;
      for (const { resolve } of this.#take(record.id)) resolve({ record, output });
    } else if (record.status === 'blocked' || isTerminal(record.status)) {
      const error =
        record.detail === undefined
          ? new EngineError('RUN_ENDED', `run "${record.id}" ended as ${record.status}`)
          : decodeFailure(record.detail);
      this.#reject(record.id, error);
    }
  }

  #reject(runId: string, error: unknown): void {
    for (const { reject } of this.#take(runId)) reject(error);
  }

  #take(runId: string): readonly Waiter[] {
    const waiters = this.#waiters.get(runId)?.waiters ?? [];
    this.#waiters.delete(runId);
    return waiters;
  }
}
