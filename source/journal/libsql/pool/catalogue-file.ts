import { JournalError } from '../../../errors.js';
import type { Worker } from '../../journal.js';
import type { Catalogue, PoolFile } from '../../pool/catalogue.js';
import { retryBusy } from '../busy.js';
import type { Connection } from '../connection.js';
import { journalError } from '../failures.js';
import { ForeignWrites } from '../foreign-writes.js';
import { GroupCommit, type GroupCommitOptions } from '../group-commit.js';
import { Ownership } from '../ownership.js';
import * as sql from './pool-statements.js';

export interface CatalogueOptions extends GroupCommitOptions {
  /** A hold that is younger is not written again. */
  readonly holdMs: number;
}

/** The catalogue in a file of its own: a journal without runs, with the tables of the pool beside. */
export class CatalogueFile implements Catalogue {
  readonly #connection: Connection;
  readonly #group: GroupCommit;
  readonly #ownership: Ownership;
  readonly #options: CatalogueOptions;
  readonly #path: string;
  #foreign: ForeignWrites | undefined;
  #closed: Promise<void> | undefined;

  constructor(connection: Connection, options: CatalogueOptions, path: string) {
    this.#connection = connection;
    this.#options = options;
    this.#path = path;
    this.#ownership = new Ownership(connection);
    const nothing = (): void => undefined;
    this.#group = new GroupCommit(connection, options, { written: nothing, committed: nothing, rolledBack: nothing });
  }

  files(): Promise<readonly PoolFile[]> {
    return this.#read(() => this.#connection.all(sql.files).map(fromFileRow));
  }

  enter({ number, location }: Pick<PoolFile, 'number' | 'location'>, now: number): Promise<boolean> {
    const row = [BigInt(number), location, instant(now), BigInt(number)];
    return this.#write(1, () => this.#connection.run(sql.enter, row).changes > 0);
  }

  find(id: string): Promise<number | undefined> {
    return this.#read(() => this.#fileOf(id));
  }

  place(ids: readonly string[], file: number | 'newest', now: number): Promise<readonly number[]> {
    return this.#write(ids.length, () =>
      ids.map((id) => {
        this.#connection.run(sql.place, [id, file === 'newest' ? null : BigInt(file)]);
        const placed = this.#fileOf(id);
        if (placed === undefined)
          throw new JournalError('JOURNAL_FAILED', 'this pool has no database to start runs in');
        this.#hold(placed, now);
        return placed;
      }),
    );
  }

  hold(number: number, now: number): Promise<void> {
    return this.#write(1, () => {
      this.#hold(number, now);
    });
  }

  finish({ number, heldAt }: PoolFile, last: number): Promise<boolean> {
    const guarded = [BigInt(last), BigInt(number), BigInt(heldAt)];
    return this.#write(1, () => this.#connection.run(sql.finish, guarded).changes > 0);
  }

  // ── workers: of all processes one checkpoints, and it is that of the first of them ────────────────────────────────────

  async acquire({ id, leaseMs }: Parameters<Catalogue['acquire']>[0]): Promise<Worker> {
    const worker = await this.#write(1, () => this.#ownership.acquire(id, Date.now(), leaseMs));
    this.#ownership.hold(worker);
    await this.#chooseCheckpointer();
    return worker;
  }

  async renew(leaseMs: number): Promise<void> {
    await this.#write(1, () => {
      this.#ownership.renew(Date.now(), leaseMs);
    });
    await this.#chooseCheckpointer();
  }

  async release(): Promise<void> {
    const remove = this.#ownership.letGo();
    if (remove) await this.#write(1, remove);
  }

  async expire(): Promise<boolean> {
    const { gone, dead } = await this.#read(() => this.#ownership.look(Date.now()));
    for (const worker of dead) {
      await this.#write(1, () => {
        this.#ownership.expire(worker);
      });
    }
    if (gone) await this.#chooseCheckpointer();
    return gone;
  }

  version(): Promise<unknown> {
    return this.#read(() => this.#version());
  }

  watch(listener: () => void): void {
    const version = (): unknown => {
      try {
        return this.#version();
      } catch {
        // Locked as a whole: whoever reads next is told so.
        return undefined;
      }
    };
    this.#foreign = new ForeignWrites(this.#path, version, listener);
  }

  close(): Promise<void> {
    this.#closed ??= this.#group.drain().then(() => {
      this.#foreign?.stop();
      this.#ownership.letGo();
      this.#connection.close();
    });
    return this.#closed;
  }

  #chooseCheckpointer(): Promise<void> {
    return this.#read(() => {
      this.#ownership.chooseCheckpointer();
    });
  }

  #version(): unknown {
    return this.#connection.all('PRAGMA data_version')[0]?.[0];
  }

  #fileOf(id: string): number | undefined {
    const row = this.#connection.all(sql.route, [id])[0];
    return row && Number(row[0]);
  }

  #hold(number: number, now: number): void {
    this.#connection.run(sql.hold, [instant(now), BigInt(number), instant(now - this.#options.holdMs)]);
  }

  #write<T>(rows: number, write: () => T): Promise<T> {
    return this.#closed ? Promise.reject(closed()) : this.#group.add(rows, write);
  }

  async #read<T>(read: () => T): Promise<T> {
    if (this.#closed) throw closed();
    try {
      return await retryBusy(read, this.#options.busyTimeoutMs);
    } catch (error) {
      throw journalError(error, this.#path);
    }
  }
}

const fromFileRow = ([number, location, state, heldAt, last]: readonly unknown[]): PoolFile => ({
  number: Number(number),
  location: String(location),
  state: state === 'finished' ? 'finished' : 'open',
  heldAt: Number(heldAt),
  last: typeof last === 'number' ? last : undefined,
});

const instant = (at: number): bigint => BigInt(Math.floor(at));

const closed = (): JournalError => new JournalError('JOURNAL_CLOSED', 'this pool is closed: open it again');
