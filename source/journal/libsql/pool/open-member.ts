import { existsSync } from 'node:fs';
import { JournalError } from '../../../errors.js';
import type { Claim, Journal } from '../../journal.js';
import type { FileSize, Member, Opener, Rest, Urgency } from '../../pool/member.js';
import { wanted } from '../claims.js';
import { openJournal, pathOf, type JournalOptions } from '../open-journal.js';
import { isRemote } from '../remote/remote-options.js';
import { checkEmpty, numberFrom } from './numbering.js';
import * as sql from './pool-statements.js';
import { fileProbe, remoteProbe, type Probe } from './probe.js';

/** Opens the databases of a pool, files or those of servers, whose urls this tells. */
export const openerOf = (urlOf: (location: string) => string, options: JournalOptions): Opener => ({
  create: async ({ number, location }) => {
    const { journal, probe } = await openMember(urlOf(location), options);
    try {
      await (number === undefined ? checkEmpty(probe, location) : numberFrom(probe, number, location));
    } finally {
      await probe.close();
      await journal.close();
    }
  },
  open: async ({ location }) => {
    const url = urlOf(location);
    if (!isRemote(url) && !existsSync(pathOf(url))) throw missing(pathOf(url));
    return openMember(url, options);
  },
});

const openMember = async (url: string, options: JournalOptions): Promise<DatabaseMember> => {
  const journal = await openJournal({ ...options, url });
  return new DatabaseMember(journal, isRemote(url) ? remoteProbe(url, options) : fileProbe(pathOf(url), options));
};

/** A new, empty one in its place would hide that runs are lost. */
const missing = (path: string): JournalError =>
  new JournalError(
    'JOURNAL_FAILED',
    `the catalogue of this pool has a database that is not there: ${path}. Bring it back, from a backup if need be; runs of other files are not touched`,
  );

class DatabaseMember implements Member {
  readonly journal: Journal;
  readonly probe: Probe;

  constructor(journal: Journal, probe: Probe) {
    this.journal = journal;
    this.probe = probe;
  }

  async size(): Promise<FileSize> {
    const [row = []] = await this.probe.rows(sql.size);
    const [pages, pageSize, hasRuns] = row;
    const bytes = Number(pages) * Number(pageSize) + this.probe.walBytes();
    return { isEmpty: hasRuns !== 1, pages: Number(pages), bytes };
  }

  async rest(): Promise<Rest> {
    const [row = []] = await this.probe.rows(sql.rest);
    const [open, asked, last] = row;
    return { isQuiet: open === 0 && asked === 0, last: Number(last) };
  }

  async waiting(claim: Claim, worker: string | undefined): Promise<readonly Urgency[]> {
    const rows = await this.probe.rows(sql.waiting, ...wanted(claim, worker ?? null));
    return rows.map(([priority, wakeAt]) => ({
      priority: Number(priority),
      ...(typeof wakeAt === 'number' ? { wakeAt } : {}),
    }));
  }

  async close(): Promise<void> {
    // It goes first: whichever connection to a file is the last one removes the WAL, and that is to be the one that wrote.
    await this.probe.close();
    await this.journal.close();
  }
}
