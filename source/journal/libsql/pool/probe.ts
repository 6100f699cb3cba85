import { statSync } from 'node:fs';
import { retryBusy } from '../busy.js';
import { Connection, type Binding } from '../connection.js';
import { journalError } from '../failures.js';
import { query } from '../remote/query.js';
import { RemoteConnection } from '../remote/remote-connection.js';
import type { RemoteOptions } from '../remote/remote-options.js';

interface ProbeOptions extends RemoteOptions {
  readonly busyTimeoutMs?: number;
}

/** A connection beside that of a journal, for what a port of single databases has no words for. */
export interface Probe {
  /** Of a statement that does no harm when it is done twice, and that yields rows. */
  rows(sql: string, ...bindings: readonly Binding[]): Promise<readonly (readonly unknown[])[]>;
  /** Bytes that are not in the pages yet. */
  walBytes(): number;
  close(): Promise<void>;
}

/** It is opened when it is asked for the first time. */
export const fileProbe = (path: string, { busyTimeoutMs }: ProbeOptions): Probe => {
  let connection: Connection | undefined;
  const open = (): Connection => {
    connection = new Connection(path);
    // Two connections that checkpoint may lose commits.
    connection.all('PRAGMA wal_autocheckpoint = 0');
    return connection;
  };
  return {
    rows: async (sql, ...bindings) => {
      try {
        return await retryBusy(() => (connection ?? open()).all(sql, bindings), busyTimeoutMs);
      } catch (error) {
        throw journalError(error, path);
      }
    },
    walBytes: () => statSync(`${path}-wal`, { throwIfNoEntry: false })?.size ?? 0,
    close: () => {
      connection?.close();
      connection = undefined;
      return Promise.resolve();
    },
  };
};

export const remoteProbe = (url: string, options: ProbeOptions): Probe => {
  const connection = new RemoteConnection(url, options);
  return {
    rows: (sql, ...bindings) => connection.read(query(sql, ...bindings)),
    walBytes: () => 0,
    close: () => connection.close(),
  };
};
