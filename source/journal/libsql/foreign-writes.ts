import type { Connection } from './connection.js';
import { watch, type FSWatcher } from 'node:fs';

/**
 * The WAL changes several times within a commit, the last time before the commit is on disk and counts: it is looked at this long after a
 * change that was noticed, then after twice the time, and so on while there is nothing new.
 */
const firstLookMs = 2;
const lastLookMs = 256;

/**
 * While all changes that are noticed are of this connection's own commits, each look takes twice as long to come, up to this. From then on it
 * looks as often without watching: to be told of one's own writes makes a commit take 0.1 ms longer (measured).
 */
const busyLookMs = 16;

/** Without a change that was noticed, the database is asked this often. Watches get lost, and some file systems have none. */
const sweepMs = 1000;

/**
 * Notices that other connections have written to a file: a watch on its WAL is the hint, `PRAGMA data_version` the truth (it changes
 * with the commits of others alone), and a slow sweep what is left when there is no hint. It keeps no process alive.
 */
export class ForeignWrites {
  readonly #walPath: string;
  readonly #version: () => unknown;
  readonly #notify: () => void;
  readonly #sweep: NodeJS.Timeout;
  #watcher: FSWatcher | undefined;
  /** It does not watch because it would only hear of its own commits. */
  #isBusy = false;
  #looking: NodeJS.Timeout | undefined;
  #nextMs = firstLookMs;
  /** How long after a hint it is looked. */
  #soonMs = firstLookMs;
  /** Whether this connection has committed since it was looked. */
  #hasCommitted = false;
  #seen: unknown;

  constructor(path: string, version: () => unknown, notify: () => void) {
    this.#walPath = `${path}-wal`;
    this.#version = version;
    this.#notify = notify;
    this.#seen = version();
    this.#sweep = setInterval(() => {
      this.#look();
    }, sweepMs).unref();
    this.#watch();
  }

  get watches(): boolean {
    return this.#watcher !== undefined;
  }

  stop(): void {
    clearInterval(this.#sweep);
    clearTimeout(this.#looking);
    this.#unwatch();
  }

  #watch(): void {
    try {
      this.#watcher = watch(this.#walPath, { persistent: false }, () => {
        this.#hinted();
      });
      this.#watcher.on('error', () => {
        this.#unwatch();
      });
    } catch {
      // No WAL yet, or no watch to be had: the sweep tries again.
      this.#watcher = undefined;
    }
  }

  #unwatch(): void {
    this.#watcher?.close();
    this.#watcher = undefined;
  }

  /** This connection has committed: hints may be of that. */
  committed(): void {
    this.#hasCommitted = true;
    if (this.#isBusy) this.#hinted();
  }

  /** Looks soon, however long the next look of an earlier hint would have been. */
  #hinted(): void {
    if (this.#looking && this.#nextMs <= this.#soonMs) return;
    clearTimeout(this.#looking);
    this.#nextMs = this.#soonMs;
    this.#lookLater();
  }

  #lookLater(): void {
    this.#looking = setTimeout(() => {
      this.#looking = undefined;
      if (this.#look() || this.#nextMs >= lastLookMs) return;
      this.#nextMs = this.#isBusy ? this.#soonMs : this.#nextMs * 2;
      this.#lookLater();
    }, this.#nextMs).unref();
  }

  /** Answers whether there was something new. */
  #look(): boolean {
    const isOwn = this.#hasCommitted;
    this.#hasCommitted = false;
    const wasBusy = this.#isBusy;
    if (!isOwn) this.#isBusy = false;
    // First, so that nothing is written between the look and the watch.
    if (!this.#isBusy && !this.#watcher) this.#watch();
    const version = this.#version();
    const isNew = version !== undefined && version !== this.#seen;
    this.#soonMs = isOwn && !isNew ? Math.min(this.#soonMs * 2, busyLookMs) : firstLookMs;
    this.#isBusy = this.#soonMs === busyLookMs;
    if (this.#isBusy) this.#unwatch();
    if (!isNew) return false;
    this.#seen = version;
    if (wasBusy) this.#hinted();
    this.#notify();
    return true;
  }
}

/** Changes with each commit of others. */
export const versionOf = (connection: Connection): unknown => {
  try {
    return connection.all('PRAGMA data_version')[0]?.[0];
  } catch {
    // Locked as a whole, or out of order: whoever reads or writes next is told so.
    return undefined;
  }
};
