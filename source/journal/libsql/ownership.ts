import { hostname } from 'node:os';
import { JournalError } from '../../errors.js';
import type { Worker } from '../journal.js';
import type { Connection } from './connection.js';
import { liveWorkers, mayBeAlive, type WorkerRow } from './live-workers.js';
import * as sql from './statements.js';

/** Who may append: one worker, proven by its fence in each statement of the owner. All of it within a caller's transaction. */
export class Ownership {
  readonly #connection: Connection;
  #worker: Worker | undefined;

  constructor(connection: Connection) {
    this.#connection = connection;
  }

  get workerId(): string | undefined {
    return this.#worker?.id;
  }

  /** Takes over from the dead, never from the living; the fence grows with each worker. */
  acquire(id: string, now: number, leaseMs: number): Worker {
    for (const [otherId, , host, pid, leaseUntil] of this.#connection.all(sql.workers)) {
      const other = { id: String(otherId), host: String(host), pid: Number(pid), leaseUntil: Number(leaseUntil) };
      if (mayBeAlive(other, now)) throw inUse(other);
      this.#delete(other.id);
    }
    const fence = Number(this.#connection.all(sql.nextFence)[0]?.[0]);
    const row = [id, BigInt(fence), hostname(), BigInt(process.pid), BigInt(now + leaseMs)] as const;
    this.#connection.run(sql.insertWorker, row);
    return { id, fence };
  }

  /** The acquisition has been committed. */
  hold(worker: Worker): void {
    this.#worker = worker;
    liveWorkers.add(worker.id);
    // Of all connections to a file one checkpoints: two at once can lose commits (SQLite before 3.51.3).
    this.#connection.all('PRAGMA wal_autocheckpoint = 1000');
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
    this.#connection.all('PRAGMA wal_autocheckpoint = 0');
    return () => {
      this.#delete(id);
    };
  }

  proof(): readonly [string, bigint] {
    if (!this.#worker)
      throw new JournalError('JOURNAL_FENCED', 'only a worker that holds the database may append to runs');
    return [this.#worker.id, BigInt(this.#worker.fence)];
  }

  #delete(id: string): void {
    this.#connection.run(sql.deleteWorker, [id]);
    this.#connection.run(sql.freeRuns, [id]);
  }
}

export const fencedOut = (): JournalError =>
  new JournalError(
    'JOURNAL_FENCED',
    'another worker has taken over this database; nothing was written, its runs go on there',
  );

const inUse = ({ id, host, pid, leaseUntil }: WorkerRow): JournalError =>
  new JournalError(
    'DATABASE_IN_USE',
    `worker ${id} (process ${pid} on ${host}) holds this database until ${new Date(leaseUntil).toISOString()}. ` +
      'Close it, or wait until its lease is over',
  );
