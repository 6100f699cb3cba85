import type { TempoliteError } from '../../errors.js';
import { BusyWait } from './busy.js';
import type { Connection } from './connection.js';
import { isBusy, isDamage, isOfOneCaller, journalError } from './failures.js';

/** One caller's part of a transaction. */
interface Entry {
  /** Writes, and answers with what to do once the commit has returned. */
  readonly write: () => () => void;
  readonly reject: (error: unknown) => void;
  /** Asked when it was refused on its own: whether it writes something else if it is tried once more. */
  readonly another: ((error: unknown) => boolean) | undefined;
  readonly rows: number;
}

export interface GroupCommitOptions {
  /** A locked database is tried again for this long, then `JOURNAL_BUSY`. Default: 10,000. */
  readonly busyTimeoutMs?: number;
  /** Rows in one transaction, so that the event loop gets its turn. Default: 1,000. */
  readonly maxRowsPerCommit?: number;
}

/** What else has to happen with a transaction. */
interface GroupHooks {
  /** The last thing within a transaction. */
  written(): void;
  /** After each commit, before anybody's promise settles. */
  committed(): void;
  /** What `write` noted down on the way is void. */
  rolledBack(): void;
}

/**
 * Everything that is asked for within one macrotask goes into one transaction, in the order in which it was asked for. What one
 * caller did wrong fails that caller alone, and so does who meets a damaged page: the group is rolled back and its members are tried
 * one by one.
 */
export class GroupCommit {
  readonly #connection: Connection;
  readonly #busy: BusyWait;
  readonly #maxRows: number;
  readonly #hooks: GroupHooks;
  #queue: Entry[] = [];
  #scheduled = false;
  #drained: (() => void)[] = [];

  constructor(connection: Connection, options: GroupCommitOptions, hooks: GroupHooks) {
    this.#connection = connection;
    this.#busy = new BusyWait(options.busyTimeoutMs);
    this.#maxRows = options.maxRowsPerCommit ?? 1000;
    this.#hooks = hooks;
  }

  /** Puts a piece of writing into the next transaction; answers with what `write` gives once it is committed. */
  add<T>(rows: number, write: () => T, another?: (error: unknown) => boolean): Promise<T> {
    return new Promise<T>((resolve, reject) => {
      this.#queue.push({
        rows,
        reject,
        another,
        write: () => {
          const result = write();
          return () => {
            resolve(result);
          };
        },
      });
      this.#schedule();
    });
  }

  /** Answers when everything that was asked for has been written or refused. */
  drain(): Promise<void> {
    if (this.#queue.length === 0) return Promise.resolve();
    return new Promise((resolve) => {
      this.#drained.push(resolve);
    });
  }

  #schedule(): void {
    if (this.#scheduled) return;
    this.#scheduled = true;
    setImmediate(() => {
      this.#flush();
    });
  }

  #flush(): void {
    this.#scheduled = false;
    const group = this.#takeGroup();
    if (group.length > 0) this.#write(group);
    if (this.#queue.length > 0) this.#schedule();
    else for (const resolve of this.#drained.splice(0)) resolve();
  }

  #takeGroup(): Entry[] {
    let rows = 0;
    const end = this.#queue.findIndex((entry, place) => {
      rows += entry.rows;
      return place > 0 && rows > this.#maxRows;
    });
    return this.#queue.splice(0, end < 0 ? this.#queue.length : end);
  }

  /** Answers `false` when the group was put off, because the database is locked. */
  #write(group: readonly Entry[]): boolean {
    let settled: readonly (() => void)[];
    try {
      settled = this.#connection.transaction(() => {
        const answers = group.map((entry) => entry.write());
        this.#hooks.written();
        return answers;
      });
    } catch (error) {
      this.#hooks.rolledBack();
      if (isBusy(error)) return this.#tryLater(group, error);
      if (group.length > 1 && (isOfOneCaller(error) || isDamage(error))) return this.#writeOneByOne(group);
      if (isOfOneCaller(error) && group[0]?.another?.(error)) return this.#write(group);
      return this.#reject(group, journalError(error, this.#connection.path));
    }
    this.#busy.over();
    try {
      this.#hooks.committed();
    } finally {
      // It is written, whatever a listener makes of it.
      for (const settle of settled) settle();
    }
    return true;
  }

  #writeOneByOne(group: readonly Entry[]): boolean {
    for (const [place, entry] of group.entries()) {
      if (this.#write([entry])) continue;
      // The rest goes behind the one that waits for the lock now.
      this.#queue.splice(1, 0, ...group.slice(place + 1));
      return false;
    }
    return true;
  }

  /** The lock is waited for without sleeping the event loop; the whole transaction is tried again. */
  #tryLater(group: readonly Entry[], error: unknown): boolean {
    const delayMs = this.#busy.next();
    if (delayMs === undefined) return this.#reject(group, journalError(error, this.#connection.path));
    this.#queue.unshift(...group);
    this.#scheduled = true;
    setTimeout(() => {
      this.#flush();
    }, delayMs);
    return false;
  }

  #reject(group: readonly Entry[], error: TempoliteError): true {
    for (const { reject } of group) reject(error);
    return true;
  }
}
