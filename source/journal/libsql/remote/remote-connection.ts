import type { Client, InStatement, ResultSet, Transaction } from '@libsql/client';
import { BusyWait } from '../busy.js';
import { fateOf, remoteError } from './fate.js';
import type { Query, Rows } from './query.js';
import { ReadBatches } from './read-batches.js';
import { defaultRemoteOptions, isWebSocket, type RemoteOptions } from './remote-options.js';

/** What a statement of a transaction gave: INTEGERs are bigints, BLOBs are ArrayBuffers. */
export interface TransactedResult {
  readonly columns: readonly string[];
  readonly rows: Rows;
  readonly changes: number;
}

/** An interactive transaction: others wait for it. */
export interface RemoteTransaction {
  /** In one round trip. It ends with the first that is refused; what came before stays, and it goes on. */
  batch(queries: readonly Query[]): Promise<readonly TransactedResult[]>;
  commit(): Promise<void>;
  /** Rolls back what was not committed. */
  close(): void;
}

/**
 * The one place that touches the client. It has neither timeouts nor retries of its own: an answer that is late is an error here, and
 * the connection that it was waited for on is given up.
 */
export class RemoteConnection {
  readonly #url: string;
  readonly #options: RemoteOptions;
  readonly #timeoutMs: number;
  readonly #unreachableMs: number;
  readonly #busyTimeoutMs: number | undefined;
  readonly #reads: ReadBatches;
  #reading: Promise<Client> | undefined;
  /** Writing never waits behind reading. */
  #writing: Promise<Client> | undefined;
  /** For users' statements, whose integers may be of 64 bits. */
  #wide: Promise<Client> | undefined;
  #closed = false;

  constructor(url: string, options: RemoteOptions & { readonly busyTimeoutMs?: number }) {
    this.#url = url;
    this.#options = options;
    this.#timeoutMs = options.requestTimeoutMs ?? defaultRemoteOptions.requestTimeoutMs;
    this.#unreachableMs = options.unreachableMs ?? defaultRemoteOptions.unreachableMs;
    this.#busyTimeoutMs = options.busyTimeoutMs;
    this.#reads = new ReadBatches(
      (queries) => this.#ask(queries),
      options.concurrency ?? defaultRemoteOptions.concurrency,
    );
  }

  /** One statement, tried again until it is answered: only for what reads, or may be done twice. */
  read(query: Query): Promise<Rows> {
    return this.#until(() => this.#reads.read(query));
  }

  /** The same for several, as of one instant, in a request of their own. */
  snapshot(queries: readonly Query[]): Promise<readonly Rows[]> {
    return this.#until(() => this.#ask(queries));
  }

  async #until<T>(ask: () => Promise<T>): Promise<T> {
    const busy = new BusyWait(this.#busyTimeoutMs);
    const unreachable = new BusyWait(this.#unreachableMs);
    for (;;) {
      try {
        return await ask();
      } catch (error) {
        const { type } = fateOf(error);
        const delayMs = type === 'busy' ? busy.next() : type === 'unknown' ? unreachable.next() : undefined;
        if (delayMs === undefined || this.#closed) throw remoteError(error);
        await new Promise((resolve) => setTimeout(resolve, delayMs));
      }
    }
  }

  /** For what does no harm when it is not done. */
  async tryOnce(queries: readonly Query[]): Promise<void> {
    await this.batch(queries).catch(() => undefined);
  }

  /** All or nothing, in one round trip, tried once. Errors come as they are: `fateOf` knows what they mean. */
  async batch(queries: readonly Query[]): Promise<readonly Rows[]> {
    this.#writing ??= this.#open('number');
    const client = await this.#writing;
    const results = await this.#within(client.batch(queries.map(toStatement), 'write'));
    return results.map(rowsOf);
  }

  async transaction(): Promise<RemoteTransaction> {
    this.#wide ??= this.#open('bigint');
    const client = await this.#wide;
    const transaction = await this.#within(client.transaction('write'));
    return {
      batch: async (queries) => {
        const results = await this.#within(transaction.batch(queries.map(toStatement)));
        return results.map((result) => ({
          columns: result.columns,
          rows: rowsOf(result),
          changes: result.rowsAffected,
        }));
      },
      commit: () => this.#within(transaction.commit()),
      close: () => {
        closeQuietly(transaction);
      },
    };
  }

  /** What is in flight is given up. */
  async close(): Promise<void> {
    this.#closed = true;
    for (const client of [this.#reading, this.#writing, this.#wide]) (await client?.catch(() => undefined))?.close();
  }

  async #ask(queries: readonly Query[]): Promise<readonly Rows[]> {
    this.#reading ??= this.#open('number');
    const client = await this.#reading;
    const [first, ...others] = queries.map(toStatement);
    if (!first) return [];
    if (others.length === 0) return [rowsOf(await this.#within(client.execute(first)))];
    return (await this.#within(client.batch([first, ...others], 'deferred'))).map(rowsOf);
  }

  async #within<T>(answer: Promise<T>): Promise<T> {
    // It may still fail when nobody waits for it any more.
    answer.catch(() => undefined);
    let timer: NodeJS.Timeout | undefined;
    const late = new Promise<never>((_, reject) => {
      timer = setTimeout(() => {
        this.#giveUp();
        reject(new Error(`no answer within ${this.#timeoutMs} ms`));
      }, this.#timeoutMs);
    });
    try {
      return await Promise.race([answer, late]);
    } finally {
      clearTimeout(timer);
    }
  }

  /** A web socket on which an answer hangs is closed; over HTTP each request has a signal of its own. */
  #giveUp(): void {
    if (!isWebSocket(this.#url)) return;
    for (const client of [this.#reading, this.#writing, this.#wide]) void client?.then(closeQuietly, () => undefined);
    this.#reading = undefined;
    this.#writing = undefined;
    this.#wide = undefined;
  }

  /** Loaded when it is wanted: whoever uses files does without. */
  async #open(intMode: 'number' | 'bigint'): Promise<Client> {
    const { authToken, fetch = globalThis.fetch } = this.#options;
    const config = {
      url: this.#url,
      intMode,
      concurrency: mostAtOnce,
      ...(authToken === undefined ? {} : { authToken }),
    };
    const { createClient } = await import('@libsql/client');
    return createClient({
      ...config,
      fetch: (request: Request) => fetch(new Request(request, { signal: AbortSignal.timeout(this.#timeoutMs) })),
    });
  }
}

/** How much is asked at once is decided before the client. */
const mostAtOnce = 1000;

const toStatement = ({ sql, args }: Query): InStatement => ({ sql, args: [...args] });

/** The client's rows are objects that have indices, but no iterator. */
const rowsOf = ({ rows }: ResultSet): Rows => rows.map((row) => Array.from(row));

const closeQuietly = (open: Client | Transaction): void => {
  try {
    open.close();
  } catch {
    // It was closed by what went wrong before.
  }
};
