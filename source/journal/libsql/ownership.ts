import { hostname } from 'node:os';
import { JournalError } from '../../errors.js';
import type { Worker } from '../journal.js';
import type { Connection } from './connection.js';
import { liveWorkers, mayBeAlive, type WorkerRow } from './live-workers.js';
import * as sql from './statements.js';

/** Pages of the WAL after which the one connection that checkpoints does so. */
const pagesPerCheckpoint = 1000;

/**
 * Who may append: a worker, for the runs that are its own, proven by its fence in each statement of the owner. Whoever takes over from it
 * deletes its row in the transaction that frees its runs, so that the proof fails from then on. All of it within a caller's transaction.
 */
export class Ownership {
  readonly #connection: Connection;
  #worker: Worker | undefined;
  /** Other workers that were there when it was last asked. */
  #others: ReadonlySet<string> = new Set();

  constructor(connection: Connection) {
    this.#connection = connection;
  }

  get workerId(): string | undefined {
    return this.#worker?.id;
  }

  acquire(id: string, now: number, leaseMs: number): Worker {
    if (this.#worker) this.#remove(this.#worker.id);
    const fence = Number(this.#connection.all(sql.nextFence)[0]?.[0]);
    const row = [id, BigInt(fence), hostname(), BigInt(process.pid), BigInt(now + leaseMs)] as const;
    this.#connection.run(sql.insertWorker, row);
    return { id, fence };
  }

  /** The acquisition has been committed. */
  hold(worker: Worker): void {
    if (this.#worker) liveWorkers.delete(this.#worker.id);
    this.#worker = worker;
    liveWorkers.add(worker.id);
  }

  renew(now: number, leaseMs: number): void {
    const { changes } = this.#connection.run(sql.renewWorker, [BigInt(now + leaseMs), ...this.proof()]);
    if (changes === 0) throw fencedOut();
  }

  /** Stops holding; answers with what deletes the row. */
  letGo(): (() => void) | undefined {
    const id = this.#worker?.id;
    if (id === undefined) return undefined;
    this.#worker = undefined;
    liveWorkers.delete(id);
    this.#checkpoints(false);
    return () => {
      this.#remove(id);
    };
  }

  /** Whether any other worker has gone since the last time, and those that are to be expired. */
  look(now: number): { readonly gone: boolean; readonly dead: readonly WorkerRow[] } {
    const rows = this.#connection.all(sql.workers).map(([id, , host, pid, leaseUntil]) => ({
      id: String(id),
      host: String(host),
      pid: Number(pid),
      leaseUntil: Number(leaseUntil),
    }));
    const others = rows.filter(({ id }) => id !== this.workerId);
    const dead = others.filter((other) => !mayBeAlive(other, now));
    const gone = [...this.#others].some((id) => !others.some((other) => other.id === id));
    this.#others = new Set(others.filter((other) => !dead.includes(other)).map(({ id }) => id));
    return { gone: gone || dead.length > 0, dead };
  }

  /** A worker that has shown a sign of life since then is left alone. */
  expire({ id, leaseUntil }: WorkerRow): void {
    const { changes } = this.#connection.run(sql.expireWorker, [id, BigInt(leaseUntil)]);
    if (changes > 0) this.#connection.run(sql.freeRuns, [id]);
  }

  /**
   * Of all connections to a file one checkpoints: two at once can lose commits (SQLite before 3.51.3). It is that of the worker with the
   * first fence: everybody knows that by himself, and nobody comes before it later.
   */
  chooseCheckpointer(): void {
    if (!this.#worker) return;
    const first = this.#connection.all(sql.firstFence)[0]?.[0];
    this.#checkpoints(Number(first) === this.#worker.fence);
  }

  proof(): readonly [string, bigint] {
    if (!this.#worker) throw new JournalError('JOURNAL_FENCED', 'only a worker may append to runs');
    return [this.#worker.id, BigInt(this.#worker.fence)];
  }

  /** Nothing was written, and another reason is possible: a signal that a fork has from a run that was pruned is no more. */
  check(): void {
    if (this.#connection.all(sql.isWorker, this.proof())[0]?.[0] !== 1) throw fencedOut();
  }

  #checkpoints(whether: boolean): void {
    this.#connection.all(`PRAGMA wal_autocheckpoint = ${whether ? pagesPerCheckpoint : 0}`);
  }

  #remove(id: string): void {
    this.#connection.run(sql.deleteWorker, [id]);
    this.#connection.run(sql.freeRuns, [id]);
  }
}

export const fencedOut = (): JournalError =>
  new JournalError('JOURNAL_FENCED', 'another worker has taken over; nothing was written, the run goes on there');
