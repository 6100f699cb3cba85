import type { Journal, NewSignal, Reply, SignalRecord } from '../journal/journal.js';
import type { PipelineExecution } from '../run/execution.js';
import type { Prepared } from '../run/next-commit.js';

export interface SignalsHost {
  readonly isOpen: boolean;
  readonly residents: ReadonlyMap<string, PipelineExecution>;
  /** Whoever looks hears of what other processes have written. */
  readonly stored: { look(): void };
  /** It is dropped, and read again. */
  restart(execution: PipelineExecution): void;
}

/** How a run went on with a signal while it was being stored. */
interface Replied {
  readonly execution: PipelineExecution;
  readonly prepared: Prepared;
}

/**
 * Stores signals. A run that waits in memory for the one that comes goes on with it in the same transaction: one commit instead of two between
 * a signal and what it leads to. Several for one run at once come to it together, as they do to a run that is not in memory: so do requests.
 */
export class Signals {
  readonly #journal: Journal;
  readonly #host: SignalsHost | undefined;
  /** Signals and requests that are not stored yet, by their runs. */
  readonly #underWay = new Map<string, number>();

  /** Without a host nothing is executed here. */
  constructor(journal: Journal, host: SignalsHost | undefined) {
    this.#journal = journal;
    this.#host = host;
  }

  /** Answers when it is stored. */
  async send(signal: NewSignal): Promise<void> {
    const { runId } = signal;
    let replied: Replied | undefined;
    const mail = { isUnheard: false };
    const reply: Reply = (record, before) => {
      mail.isUnheard = before !== undefined && !this.#hasHeard(runId, before);
      replied = before === undefined ? this.#reply(runId, record) : undefined;
      return replied?.prepared.commit;
    };
    this.#count(runId, 1);
    try {
      const { events } = await this.#journal.signal(signal, this.#host?.residents.has(runId) ? reply : undefined);
      if (replied && events) {
        replied.execution.committed(replied.prepared, events);
        replied = undefined;
      }
    } finally {
      this.#count(runId, -1);
      // What another process has stored before it comes before it.
      if (mail.isUnheard) this.#host?.stored.look();
      if (replied && replied.execution.status !== 'stopped') this.#host?.restart(replied.execution);
    }
  }

  /** What is asked of a run with its signals is heard with them: they are not answered while it is on its way. */
  async beside<T>(runId: string, ask: () => Promise<T>): Promise<T> {
    this.#count(runId, 1);
    try {
      return await ask();
    } finally {
      this.#count(runId, -1);
    }
  }

  #hasHeard(runId: string, letter: number): boolean {
    const execution = this.#host?.residents.get(runId);
    return execution === undefined || execution.hasUnread || execution.context.mailbox.knows(letter);
  }

  #reply(runId: string, record: SignalRecord): Replied | undefined {
    const execution =
      this.#host?.isOpen && this.#underWay.get(runId) === 1 ? this.#host.residents.get(runId) : undefined;
    const prepared = execution?.reply(record);
    return execution && prepared && { execution, prepared };
  }

  #count(runId: string, more: 1 | -1): void {
    const count = (this.#underWay.get(runId) ?? 0) + more;
    if (count === 0) this.#underWay.delete(runId);
    else this.#underWay.set(runId, count);
  }
}
