import { openSync, closeSync, existsSync, fsyncSync, renameSync, rmSync } from 'node:fs';
import { Worker } from 'node:worker_threads';
import { EngineError, JournalError } from '../../../errors.js';
import type { FileCare } from '../../care.js';
import { retryBusy } from '../busy.js';
import type { Connection } from '../connection.js';
import { journalError } from '../failures.js';
import {
  copyInto,
  damagesOf,
  freePages,
  leaveNobody,
  type FileAnswer,
  type FileJob,
  type FileTask,
} from './file-jobs.js';

export interface FileCareParts {
  readonly connection: Connection;
  /** `undefined` for a database in memory. */
  readonly path: string | undefined;
  readonly busyTimeoutMs: number | undefined;
  /** Writes in a transaction of the journal's. */
  readonly write: <T>(work: () => T) => Promise<T>;
}

/** Taking care of a database file of this machine. What reads all of it does so on a thread of its own: the event loop goes on. */
export class DatabaseFileCare implements FileCare {
  readonly #parts: FileCareParts;

  constructor(parts: FileCareParts) {
    this.#parts = parts;
  }

  get #path(): string {
    return this.#parts.path ?? ':memory:';
  }

  async backup(path: string): Promise<void> {
    const partial = `${path}.partial`;
    if (existsSync(path)) {
      throw new EngineError(
        'INVALID_ARGUMENT',
        `a backup is a file of its own, and there is something at ${path}: give another path`,
      );
    }
    try {
      // A backup of payloads is as private as they are. What a predecessor left half-done is nobody's.
      rmSync(partial, { force: true });
      closeSync(openSync(partial, 'wx', 0o600));
      await this.#run({ type: 'copy', to: partial });
      leaveNobody(partial);
      sync(partial);
      renameSync(partial, path);
    } catch (error) {
      rmSync(partial, { force: true });
      if (error instanceof Error && 'code' in error && typeof error.code === 'string' && error.code.startsWith('E')) {
        throw new JournalError('JOURNAL_FAILED', `the backup cannot be written: ${error.message}`, { cause: error });
      }
      throw journalError(error, this.#path);
    }
  }

  async damages(deep: boolean): Promise<readonly string[]> {
    return this.#run({ type: 'check', deep });
  }

  shrink(pages: number): Promise<number> {
    const { connection, write } = this.#parts;
    return write(() => {
      const before = freePages(connection);
      if (before === 0) return 0;
      // By `exec`: a prepared one would free one page and keep the lock.
      connection.exec(`PRAGMA incremental_vacuum(${Math.floor(pages)})`);
      const after = freePages(connection);
      return after < before ? after : 0;
    });
  }

  async rewrite(): Promise<void> {
    const { connection, busyTimeoutMs } = this.#parts;
    try {
      await retryBusy(() => {
        connection.exec('VACUUM');
      }, busyTimeoutMs);
    } catch (error) {
      throw journalError(error, this.#path);
    }
  }

  async #run(job: FileJob): Promise<readonly string[]> {
    const { connection, path, busyTimeoutMs } = this.#parts;
    if (path === undefined) return job.type === 'copy' ? copyInto(connection, job.to) : damagesOf(connection, job.deep);
    const workerData: FileTask = { path, job, busyTimeoutMs };
    const thread = new Worker(new URL('./file-thread.js', import.meta.url), { workerData });
    const answer = await new Promise<FileAnswer>((resolve, reject) => {
      thread.once('message', resolve);
      thread.once('error', reject);
      thread.once('exit', (code) => {
        reject(new JournalError('JOURNAL_FAILED', `the thread that read the database ended with ${code}`));
      });
    });
    if ('findings' in answer) return answer.findings;
    throw new JournalError(answer.failed.code, answer.failed.message);
  }
}

const sync = (path: string): void => {
  const file = openSync(path, 'r+');
  try {
    fsyncSync(file);
  } finally {
    closeSync(file);
  }
};
