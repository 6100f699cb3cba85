import { closeSync, openSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { JournalError } from '../../errors.js';
import type { Journal } from '../journal.js';
import { PayloadSeal, type PayloadOptions } from '../payloads/payload-seal.js';
import { retryBusy } from './busy.js';
import { Connection } from './connection.js';
import { EmbeddedJournal } from './embedded.js';
import { fileError, journalError } from './failures.js';
import type { GroupCommitOptions } from './group-commit.js';
import { checkSeals } from './known-seals.js';
import { migrate, refuseNewer } from './migrate.js';
import { openRemote } from './remote/open-remote.js';
import { isRemote, type RemoteOptions } from './remote/remote-options.js';

export interface JournalOptions extends GroupCommitOptions, RemoteOptions, PayloadOptions {
  /**
   * `file:orders.db`, `file:///var/lib/orders.db`, or `:memory:` (default: what is in memory ends with the process). A server's: `libsql:`,
   * `https:`, `http:`, `wss:`, `ws:`.
   */
  readonly url?: string;
  /** Of a file. `full` (default): a power cut loses nothing that was acknowledged. `normal`: it may lose the last commits, never tear one. */
  readonly durability?: 'full' | 'normal';
}

/**
 * Opens a database and brings its schema up to date. A file that is locked, because another process creates or recovers it just
 * now, is tried again for `busyTimeoutMs`. Errors: `JOURNAL_*`, `UNSUPPORTED_URL`,
 * `PAYLOAD_KEY_MISSING`, `INVALID_ARGUMENT`.
 */
export const openJournal = async (options: JournalOptions = {}): Promise<Journal> => {
  const { url = ':memory:' } = options;
  const seal = new PayloadSeal(options);
  if (isRemote(url)) return openRemote(url, seal, options);
  const path = pathOf(url);
  try {
    return await retryBusy(() => openOnce(path, seal, options), options.busyTimeoutMs);
  } catch (error) {
    throw journalError(error, path);
  }
};

const openOnce = (path: string, seal: PayloadSeal, options: JournalOptions): Journal => {
  if (path !== ':memory:') createPrivate(path);
  const connection = new Connection(path);
  try {
    refuseNewer(connection);
    configure(connection, options.durability ?? 'full');
    migrate(connection);
    checkSeals(connection, seal);
    return new EmbeddedJournal(connection, seal, options, path === ':memory:' ? undefined : path);
  } catch (error) {
    connection.close();
    throw error;
  }
};

export const configure = (connection: Connection, durability: 'full' | 'normal'): void => {
  // Before the first table, and before the WAL: pages that become free can be given back then. One that is there may be read-only.
  if (connection.all('PRAGMA page_count')[0]?.[0] === 0) connection.exec('PRAGMA auto_vacuum = INCREMENTAL');
  connection.all('PRAGMA journal_mode = WAL');
  connection.exec(`PRAGMA synchronous = ${durability === 'full' ? 'FULL' : 'NORMAL'}`);
  connection.all('PRAGMA wal_autocheckpoint = 0');
  connection.all('PRAGMA journal_size_limit = 16777216');
};

/** A new file is readable by its owner alone: payloads are nobody else's business. */
export const createPrivate = (path: string): void => {
  try {
    closeSync(openSync(path, 'ax', 0o600));
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'EEXIST') return;
    throw fileError(error, path);
  }
};

export const pathOf = (url: string): string => {
  if (url === ':memory:') return url;
  if (url.startsWith('file://')) return fileURLToPath(url);
  if (url.startsWith('file:') && url.length > 'file:'.length) return url.slice('file:'.length);
  throw new JournalError(
    'UNSUPPORTED_URL',
    `url is 'file:PATH', ':memory:', or that of a server (libsql:, https:, http:, wss:, ws:), not '${url.split('?')[0] ?? ''}'`,
  );
};
