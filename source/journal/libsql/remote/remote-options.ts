/** What can be said about a remote database. */
export interface RemoteOptions {
  /** The token that the server asks for. It is never shown. */
  readonly authToken?: string;
  /** An answer is waited for so long; then the connection is given up and what came of the request is found out. Default: 10,000. */
  readonly requestTimeoutMs?: number;
  /**
   * A server that cannot be reached is tried again for so long, then `JOURNAL_UNREACHABLE`. What has been asked for may have been written
   * then. Default: 30,000.
   */
  readonly unreachableMs?: number;
  /** Requests that read, at once. Default: 8. */
  readonly concurrency?: number;
  /** Batches that write, at once; what concerns one run stays in order. Default: 4. */
  readonly batchesAtOnce?: number;
  /** The server is asked for what others have written this often while they write. Default: 20. */
  readonly pollMinMs?: number;
  /** The same after a long silence; in between, the pause doubles. Default: 1,000. */
  readonly pollMaxMs?: number;
  /** Bytes of arguments in one batch. Default: 4 MiB. */
  readonly maxBatchBytes?: number;
  /** How HTTP is spoken: through a proxy, or with a certificate authority of one's own. Default: Node's `fetch`. */
  readonly fetch?: (request: Request) => Promise<Response>;
}

export const defaultRemoteOptions = {
  requestTimeoutMs: 10_000,
  unreachableMs: 30_000,
  concurrency: 8,
  batchesAtOnce: 4,
  pollMinMs: 20,
  pollMaxMs: 1000,
  maxBatchBytes: 4 << 20,
} as const satisfies RemoteOptions;

/** Schemes of databases that a server has. */
const remote = /^(?:libsql|https?|wss?):/i;

export const isRemote = (url: string): boolean => remote.test(url);

/** Over web sockets, or over HTTP. */
export const isWebSocket = (url: string): boolean => /^wss?:/i.test(url);
