import type { Query, Rows } from './query.js';

interface Reading {
  readonly query: Query;
  readonly resolve: (rows: Rows) => void;
  readonly reject: (error: unknown) => void;
}

/** Statements in one request. A page of events is about a MiB, and the server has a limit of its own for an answer (sqld: 10 MB). */
const mostLight = 100;
const mostHeavy = 4;

/**
 * What is read within one macrotask, or while enough requests are on their way, goes into one request: a round trip costs more than what
 * is read. A request that fails is asked again, one statement at a time, so that each has an error of its own.
 */
export class ReadBatches {
  readonly #ask: (queries: readonly Query[]) => Promise<readonly Rows[]>;
  readonly #atOnce: number;
  #queue: Reading[] = [];
  #scheduled = false;
  #asking = 0;

  constructor(ask: (queries: readonly Query[]) => Promise<readonly Rows[]>, atOnce: number) {
    this.#ask = ask;
    this.#atOnce = atOnce;
  }

  read(query: Query): Promise<Rows> {
    return new Promise<Rows>((resolve, reject) => {
      this.#queue.push({ query, resolve, reject });
      this.#schedule();
    });
  }

  #schedule(): void {
    if (this.#scheduled || this.#asking >= this.#atOnce || this.#queue.length === 0) return;
    this.#scheduled = true;
    setImmediate(() => {
      this.#scheduled = false;
      while (this.#asking < this.#atOnce && this.#queue.length > 0) void this.#send(this.#take());
    });
  }

  #take(): readonly Reading[] {
    let heavy = 0;
    const end = this.#queue.findIndex(({ query }, place) => {
      if (query.isHeavy) heavy += 1;
      return place >= mostLight || heavy > mostHeavy;
    });
    return this.#queue.splice(0, end < 0 ? this.#queue.length : end);
  }

  async #send(group: readonly Reading[]): Promise<void> {
    this.#asking += 1;
    try {
      await this.#answer(group);
    } finally {
      this.#asking -= 1;
      this.#schedule();
    }
  }

  async #answer(group: readonly Reading[]): Promise<void> {
    try {
      const all = await this.#ask(group.map(({ query }) => query));
      group.forEach(({ resolve }, place) => {
        resolve(all[place] ?? []);
      });
    } catch (error) {
      if (group.length === 1) for (const { reject } of group) reject(error);
      else for (const each of group) await this.#answer([each]);
    }
  }
}
