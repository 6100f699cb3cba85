import type { Journal } from '../journal/journal.js';
import type { RunRecord } from '../journal/run-record.js';
import { isTerminal } from '../journal/status.js';
import type { Settings } from './options.js';
import type { Registry } from './registry.js';

/** What is done with a run that has something to do. */
export interface StoredRunsHost {
  readonly isOpen: boolean;
  activate(runId: string): Promise<unknown>;
  /** Sees to what was asked of it. */
  attend(runId: string): Promise<void>;
  /** Takes the mark of a blocked run away: it is tried again with today's code. */
  unblock(record: RunRecord): Promise<void>;
}

/** The runs that are in the database and not in memory: which of them have something to do, and when the next one will. */
export class StoredRuns {
  readonly #journal: Journal;
  readonly #registry: Registry;
  readonly #settings: Settings;
  readonly #host: StoredRunsHost;
  #armed: { readonly due: number; readonly cancel: () => void } | undefined;

  constructor(journal: Journal, registry: Registry, settings: Settings, host: StoredRunsHost) {
    this.#journal = journal;
    this.#registry = registry;
    this.#settings = settings;
    this.#host = host;
  }

  /** Goes on with whatever a predecessor left. */
  recover(): Promise<void> {
    return this.#claim(true);
  }

  /** One of them has something to do at this instant. */
  expect(due: number): void {
    if (!this.#host.isOpen || (this.#armed && this.#armed.due <= due)) return;
    this.#armed?.cancel();
    const cancel = this.#settings.clock.at(due, () => {
      this.#armed = undefined;
      void this.#wake();
    });
    this.#armed = { due, cancel };
  }

  stop(): void {
    this.#armed?.cancel();
    this.#armed = undefined;
  }

  async #wake(): Promise<void> {
    try {
      await this.#claim(false);
    } catch (error) {
      this.#settings.logger.error({ error }, 'due runs could not be read; they are read again');
      this.expect(this.#settings.clock.now() + this.#settings.commitRetryMs);
    }
  }

  async #claim(recover: boolean): Promise<void> {
    // One instant for both questions: what becomes due in between is in the second answer.
    const now = this.#settings.clock.now();
    for (const found of await this.#journal.claimable(now, this.#registry.names, recover)) {
      if (!this.#host.isOpen) return;
      // Requests first: they may stop a run before it does anything.
      if (recover) await this.#host.attend(found.id);
      const record = recover && found.status === 'blocked' ? await this.#journal.run(found.id) : found;
      if (!record || record.status === 'paused' || isTerminal(record.status)) continue;
      if (!this.#registry.find(record.workflow, record.version)) continue;
      if (record.status === 'blocked') await this.#host.unblock(record);
      await this.#host.activate(record.id);
    }
    const next = await this.#journal.nextWake(now);
    if (next !== undefined) this.expect(next);
  }
}
