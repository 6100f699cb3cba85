import type { Journal, News } from '../journal/journal.js';
import { listRuns } from '../journal/list-runs.js';
import type { RunRecord } from '../journal/run-record.js';
import { startOf, strandsOf } from '../journal/strands.js';
import type { Settings } from './options.js';
import type { Registry } from './registry.js';

/** What is done with a run that has something to do. */
export interface StoredRunsHost {
  readonly isOpen: boolean;
  /** Runs that can be brought to memory, now or soon. */
  readonly room: number;
  activate(runId: string): Promise<unknown>;
  /** Brings to it what has come in. */
  bring(news: News): Promise<void>;
  /** Takes the mark of a blocked run away: it is tried again with today's code. */
  unblock(record: RunRecord): Promise<void>;
}

/** Mail that is read at once. */
const newsPage = 1000;

/**
 * The runs that are in the database and not in memory: which of them have something to do, and when the next one will. A look begins with
 * the workers that are gone, whose runs are nobody's, goes on with mail (a request may stop a run before it does anything), and ends with
 * nobody's runs that are due, which this worker claims as far as it has room.
 */
export class StoredRuns {
  readonly #journal: Journal;
  readonly #registry: Registry;
  readonly #settings: Settings;
  readonly #host: StoredRunsHost;
  #armed: { readonly due: number; readonly cancel: () => void } | undefined;
  /** The id of the last letter that was looked at, of each strand. */
  readonly #newsSeen = new Map<number, number>();
  /** Blocked ones that are to be tried with today's code and found no room when this worker began. */
  #blocked: string[] = [];
  /** Whether the next look is also for runs that are this worker's already. */
  #ownToo = false;
  /** Whether blocked ones are claimed with the others, once. */
  #recovers = false;
  /** Whether there may be more to claim than there was room for. */
  #more = false;
  #looking: Promise<void> | undefined;
  #again = false;

  constructor(journal: Journal, registry: Registry, settings: Settings, host: StoredRunsHost) {
    this.#journal = journal;
    this.#registry = registry;
    this.#settings = settings;
    this.#host = host;
  }

  get isQuiet(): boolean {
    return this.#looking === undefined;
  }

  /** Goes on with whatever a predecessor left. */
  async recover(): Promise<void> {
    // A look that is under way belongs to the worker that was here before.
    await this.#looking;
    this.#newsSeen.clear();
    this.#recovers = true;
    try {
      await this.#look();
    } catch (error) {
      this.#lookAgainLater(error);
    }
  }

  /**
   * Looks at all mail anew: what was passed over, because it was another's then or could not be brought, is found. Also at the runs that are
   * this worker's and should be in memory: one is not when the answer to its start or its claim was lost.
   */
  lookAtAll(): void {
    this.#newsSeen.clear();
    this.#ownToo = true;
    this.look();
  }

  /** Looks whether there is something to do. Asked in the meantime, it looks once more. */
  look(): void {
    if (!this.#host.isOpen) return;
    if (this.#looking) {
      this.#again = true;
      return;
    }
    this.#again = false;
    this.#looking = this.#look()
      .catch((error: unknown) => {
        this.#lookAgainLater(error);
      })
      .finally(() => {
        this.#looking = undefined;
        if (this.#again) this.look();
      });
  }

  /** A place in memory is free. */
  hasRoom(): void {
    if (this.#more || this.#blocked.length > 0) this.look();
  }

  /** One of them has something to do at this instant. */
  expect(due: number): void {
    if (!this.#host.isOpen || (this.#armed && this.#armed.due <= due)) return;
    this.#armed?.cancel();
    const cancel = this.#settings.clock.at(due, () => {
      this.#armed = undefined;
      this.look();
    });
    this.#armed = { due, cancel };
  }

  stop(): void {
    this.#armed?.cancel();
    this.#armed = undefined;
    this.#more = false;
    this.#blocked = [];
  }

  #lookAgainLater(error: unknown): void {
    if (!this.#host.isOpen) return;
    this.#newsSeen.clear();
    this.#settings.logger.error({ error }, 'due runs could not be read; they are read again');
    this.expect(this.#settings.clock.now() + this.#settings.commitRetryMs);
  }

  async #look(): Promise<void> {
    // One instant for both questions: what becomes due in between is in the second answer.
    const now = this.#settings.clock.now();
    // What they have passed over, because it was another's, is ours now.
    if (await this.#journal.expire()) this.#newsSeen.clear();
    await this.#readNews(() => this.#claim(now));
    if (this.#ownToo) await this.#activateOwn();
    const next = await this.#journal.nextWake(now);
    if (next !== undefined) this.expect(next);
  }

  async #readNews(claim: () => Promise<void>): Promise<void> {
    let strands = await strandsOf(this.#journal, 'busy');
    for (let isFirst = true; isFirst || (strands.length > 0 && this.#host.isOpen); isFirst = false) {
      strands = await this.#readPages(strands, isFirst ? claim : undefined);
    }
  }

  /**
   * Requests come before the claim, other mail behind it: a blocked run is not to be tried with yesterday's mark. Answers with the strands that
   * may have more.
   */
  async #readPages(strands: readonly number[], claim?: () => Promise<void>): Promise<readonly number[]> {
    const pages: (readonly News[])[] = [];
    for (const strand of strands) pages.push(await this.#nextNews(strand));
    const all = pages.flat();
    for (const news of all) if (isRequest(news)) await this.#bring(news);
    await claim?.();
    for (const news of all) if (!isRequest(news)) await this.#bring(news);
    return strands.filter((_, place) => pages[place]?.length === newsPage);
  }

  async #nextNews(strand: number): Promise<readonly News[]> {
    const page = await this.#journal.news(this.#newsSeen.get(strand) ?? startOf(strand), newsPage);
    const last = page.at(-1);
    if (last) this.#newsSeen.set(strand, last.letter.id);
    return page;
  }

  async #bring(news: News): Promise<void> {
    if (this.#host.isOpen) await this.#host.bring(news);
  }

  async #activateOwn(): Promise<void> {
    this.#ownToo = false;
    for (const runId of await this.#journal.owned()) await this.#host.activate(runId);
  }

  async #claim(now: number): Promise<void> {
    const blocked = this.#recovers;
    const limit = this.#host.room;
    const claim = { now, workflows: this.#registry.all, limit, blocked };
    const claimed = limit > 0 && this.#host.isOpen ? await this.#journal.claim(claim) : [];
    this.#more = claimed.length >= limit;
    this.#recovers = false;
    if (blocked && this.#more) this.#blocked = await this.#blockedRuns();
    // All at once: one after the other, each would wait for the round trips of those before it.
    await Promise.all(claimed.map((record) => this.#execute(record)));
    await this.#claimBlocked();
  }

  async #blockedRuns(): Promise<string[]> {
    const runs = await listRuns(this.#journal, { status: 'blocked' });
    const known = runs.filter(({ workflow, version, worker }) => !worker && this.#registry.find(workflow, version));
    return known.sort((one, other) => other.priority - one.priority).map(({ id }) => id);
  }

  /** As many of them as there is room for. */
  async #claimBlocked(): Promise<void> {
    while (this.#blocked.length > 0 && this.#host.room > 0 && this.#host.isOpen) {
      const runId = this.#blocked.shift() ?? '';
      const seen = await this.#journal.run(runId);
      // It has been replayed, paused or ended meanwhile, or is another's.
      if (seen?.status !== 'blocked' || seen.worker !== undefined) continue;
      const record = await this.#journal.claimRun(runId);
      if (record) await this.#execute(record);
    }
  }

  async #execute(record: RunRecord): Promise<void> {
    if (!this.#host.isOpen) return;
    if (record.status === 'blocked') await this.#host.unblock(record);
    await this.#host.activate(record.id);
  }
}

const isRequest = ({ letter }: News): boolean => 'kind' in letter && letter.kind === 'control';
