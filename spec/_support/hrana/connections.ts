import { NativeConnection } from './native.js';

/** Native connections that are not in use: opening one costs more than most requests. */
export class Connections {
  readonly #path: string;
  readonly #idle: NativeConnection[] = [];
  readonly #all = new Set<NativeConnection>();

  constructor(path: string) {
    this.#path = path;
    const first = this.take();
    first.sequence('PRAGMA journal_mode = WAL');
    this.giveBack(first);
  }

  take(): NativeConnection {
    const idle = this.#idle.pop();
    if (idle) return idle;
    const fresh = new NativeConnection(this.#path);
    this.#all.add(fresh);
    return fresh;
  }

  /** What its user had not committed is rolled back. */
  giveBack(connection: NativeConnection): void {
    if (!this.#all.has(connection)) return;
    connection.rollback();
    this.#idle.push(connection);
  }

  /** A connection on which a prepared statement met a lock cannot commit any more. */
  discard(connection: NativeConnection): void {
    this.#all.delete(connection);
    connection.close();
  }

  close(): void {
    for (const connection of this.#all) this.discard(connection);
    this.#idle.length = 0;
  }
}
