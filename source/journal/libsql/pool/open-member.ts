import { existsSync, statSync } from 'node:fs';
import { JournalError } from '../../../errors.js';
import type { Claim, Journal } from '../../journal.js';
import type { FileSize, Member, Rest, Urgency } from '../../pool/member.js';
import { retryBusy } from '../busy.js';
import { wanted } from '../claims.js';
import { Connection } from '../connection.js';
import { journalError } from '../failures.js';
import { openJournal, type JournalOptions } from '../open-journal.js';
import { numberFrom } from './numbering.js';
import * as sql from './pool-statements.js';

/** Brings a database to a pool: its schema, and the strand that its rows count in. */
export const createMember = async (path: string, strand: number, options: JournalOptions): Promise<void> => {
  const member = await openMember(path, options);
  try {
    await member.number(strand);
  } finally {
    await member.close();
  }
};

/** Opens a database that must be there: a new, empty one in its place would hide that runs are lost. */
export const openExisting = (path: string, options: JournalOptions): Promise<FileMember> => {
  if (existsSync(path)) return openMember(path, options);
  throw new JournalError(
    'JOURNAL_FAILED',
    `the catalogue of this pool has a database that is not there: ${path}. Bring it back, from a backup if need be; runs of other files are not touched`,
  );
};

const openMember = async (path: string, options: JournalOptions): Promise<FileMember> =>
  new FileMember(path, await openJournal({ ...options, url: `file:${path}` }), options);

/** A file of a pool: its journal, and a connection beside it that asks what a port of single databases has no words for. */
class FileMember implements Member {
  readonly journal: Journal;
  readonly #path: string;
  readonly #options: JournalOptions;
  #probe: Connection | undefined;

  constructor(path: string, journal: Journal, options: JournalOptions) {
    this.#path = path;
    this.journal = journal;
    this.#options = options;
  }

  number(strand: number): Promise<void> {
    return this.#ask((probe) => {
      numberFrom(probe, strand, this.#path);
    });
  }

  size(): Promise<FileSize> {
    return this.#ask((probe) => {
      const [pages, pageSize, hasRuns] = probe.all(sql.size)[0] ?? [];
      const wal = statSync(`${this.#path}-wal`, { throwIfNoEntry: false })?.size ?? 0;
      return { isEmpty: hasRuns !== 1, pages: Number(pages), bytes: Number(pages) * Number(pageSize) + wal };
    });
  }

  rest(): Promise<Rest> {
    return this.#ask((probe) => {
      const [open, asked, last] = probe.all(sql.rest)[0] ?? [];
      return { isQuiet: open === 0 && asked === 0, last: Number(last) };
    });
  }

  waiting(claim: Claim, worker: string | undefined): Promise<readonly Urgency[]> {
    return this.#ask((probe) =>
      probe.all(sql.waiting, wanted(claim, worker ?? null)).map(([priority, wakeAt]) => ({
        priority: Number(priority),
        ...(typeof wakeAt === 'number' ? { wakeAt } : {}),
      })),
    );
  }

  async close(): Promise<void> {
    // It goes first: whichever connection is the last one removes the WAL, and that is to be the one that wrote.
    this.#probe?.close();
    this.#probe = undefined;
    await this.journal.close();
  }

  async #ask<T>(question: (probe: Connection) => T): Promise<T> {
    try {
      return await retryBusy(() => question((this.#probe ??= opened(this.#path))), this.#options.busyTimeoutMs);
    } catch (error) {
      throw journalError(error);
    }
  }
}

const opened = (path: string): Connection => {
  const connection = new Connection(path);
  // Two connections that checkpoint may lose commits.
  connection.all('PRAGMA wal_autocheckpoint = 0');
  return connection;
};
