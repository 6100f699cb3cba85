import type { Change } from '../journal.js';
import type { Catalogue, PoolFile } from './catalogue.js';
import { holdMsOf, type PoolLimits } from './limits.js';
import type { Member, Opener } from './member.js';
import { acquire, letGo, serve, type Opened, type WorkerClaim } from './opened.js';

/**
 * The databases of a pool that are open in this process: all in which something may happen, with this process's worker in each, and for a
 * while those that were read. What the catalogue says is believed until it is read again: files are only added, and what was held a moment ago is open.
 */
export class Members {
  readonly #catalogue: Catalogue;
  readonly #opener: Opener;
  readonly #limits: PoolLimits;
  readonly #tell: (changes: readonly Change[]) => void;
  #files: ReadonlyMap<number, PoolFile> = new Map();
  readonly #opened = new Map<number, Opened>();
  readonly #opening = new Map<number, Promise<Opened>>();
  /** When this process has held a file. */
  readonly #heldAt = new Map<number, number>();
  /** Files that were finished a short while ago: some may not have heard of their end yet. */
  readonly #finishedAt = new Map<number, number>();
  #version: unknown;
  #worker: WorkerClaim | undefined;
  #refreshing: Promise<void> = Promise.resolve();
  #isClosed = false;

  constructor(catalogue: Catalogue, opener: Opener, limits: PoolLimits, tell: (changes: readonly Change[]) => void) {
    this.#catalogue = catalogue;
    this.#opener = opener;
    this.#limits = limits;
    this.#tell = tell;
  }

  get worker(): WorkerClaim | undefined {
    return this.#worker;
  }

  /** In the order of their numbers. */
  get files(): readonly PoolFile[] {
    return [...this.#files.values()];
  }

  get newest(): PoolFile | undefined {
    return this.files.at(-1);
  }

  file(number: number): PoolFile | undefined {
    return this.#files.get(number);
  }

  isBusy(number: number): boolean {
    return this.#files.get(number)?.state === 'open';
  }

  /** Whether something may have happened there of late. */
  isRecent(number: number): boolean {
    return this.isBusy(number) || Date.now() - (this.#finishedAt.get(number) ?? 0) < this.#limits.restMs;
  }

  /** Reads the catalogue, and opens what is to be open. What has changed is told. */
  refresh(): Promise<void> {
    const refreshed = this.#refreshing.then(() => this.#refresh());
    this.#refreshing = refreshed.catch(() => undefined);
    return refreshed;
  }

  /** Reads the catalogue if others have written to it: what they have started before is found then. */
  async upToDate(): Promise<void> {
    const isRead = (await this.#catalogue.version()) === this.#version;
    await (isRead ? this.#refreshing : this.refresh());
  }

  /** For reading. */
  use<T>(number: number, work: (member: Member) => Promise<T>): Promise<T> {
    const opened = this.#opened.get(number);
    return opened ? serve(opened, work) : this.#useLater(number, work);
  }

  /** For writing: the file is held, and this process's worker is in it. */
  write<T>(number: number, work: (member: Member) => Promise<T>): Promise<T> {
    const opened = this.#opened.get(number);
    const isReady = opened && this.#isJoined(opened) && this.#isHeld(number);
    return isReady ? this.#writeTo(number, opened, work) : this.#writeLater(number, work);
  }

  /** One after the other, the files in which something may happen; this process's worker is in them. */
  async eachBusy<T>(work: (member: Member) => Promise<T>): Promise<T[]> {
    await this.upToDate();
    const results: T[] = [];
    for (const { number } of this.files) {
      if (!this.isBusy(number)) continue;
      await this.#join(await this.#open(number));
      results.push(await this.use(number, work));
    }
    return results;
  }

  /** It was held in the catalogue at this instant. */
  held(number: number, at: number): void {
    this.#heldAt.set(number, at);
  }

  // ── the worker ────────────────────────────────────────────────────────────────────────────────────────────────────────

  async join(worker: WorkerClaim): Promise<void> {
    this.#worker = worker;
    await this.upToDate();
    for (const { number } of this.files) if (this.isBusy(number)) await this.#join(await this.#open(number));
    for (const opened of [...this.#opened.values()]) if (!this.#isJoined(opened)) await letGo(opened);
  }

  async leave(): Promise<void> {
    this.#worker = undefined;
    for (const opened of [...this.#opened.values()]) await letGo(opened);
  }

  /** One after the other, the files that this process's worker is in. */
  async eachJoined(work: (member: Member) => Promise<void>): Promise<void> {
    for (const opened of [...this.#opened.values()]) if (opened.joined) await serve(opened, work);
  }

  // ── closing ───────────────────────────────────────────────────────────────────────────────────────────────────────────

  /** Closes finished files that nobody has read for a while, and those read longest ago when there are too many. */
  async closeIdle(): Promise<void> {
    const idle = [...this.#opened].filter(([number, { users }]) => users === 0 && !this.isBusy(number));
    idle.sort(([, one], [, other]) => other.usedAt - one.usedAt);
    const since = Date.now() - this.#limits.idleMs;
    for (const [place, [number, opened]] of idle.entries()) {
      if (place < this.#limits.mostIdle && opened.usedAt > since) continue;
      await letGo(opened);
      if (opened.users > 0 || this.isBusy(number) || this.#opened.get(number) !== opened) continue;
      this.#opened.delete(number);
      opened.stop();
      await opened.member.close();
    }
  }

  async close(): Promise<void> {
    this.#isClosed = true;
    await this.#refreshing;
    await Promise.allSettled(this.#opening.values());
    for (const { stop, member } of this.#opened.values()) {
      stop();
      await member.close();
    }
    this.#opened.clear();
  }

  async #refresh(): Promise<void> {
    if (this.#isClosed) return;
    const before = this.#files;
    // It is asked first: what comes in between is read twice rather than never.
    this.#version = await this.#catalogue.version();
    const files = await this.#catalogue.files();
    this.#files = new Map(files.map((file) => [file.number, file]));
    let isChanged = false;
    for (const { number, state } of files) {
      const stateBefore = before.get(number)?.state;
      if (stateBefore === state) continue;
      isChanged = true;
      if (stateBefore === 'open') this.#finishedAt.set(number, Date.now());
    }
    for (const { number, state } of files) {
      if (state !== 'open') continue;
      const opened = await this.#open(number);
      await this.#join(opened);
    }
    if (isChanged && before.size > 0) this.#tell([{ type: 'foreign' }]);
  }

  #isHeld(number: number): boolean {
    return this.isBusy(number) && Date.now() - (this.#heldAt.get(number) ?? 0) < holdMsOf(this.#limits);
  }

  async #useLater<T>(number: number, work: (member: Member) => Promise<T>): Promise<T> {
    for (;;) {
      const opened = await this.#open(number);
      if (this.#opened.get(number) === opened) return serve(opened, work);
    }
  }

  async #writeLater<T>(number: number, work: (member: Member) => Promise<T>): Promise<T> {
    if (!this.#isHeld(number)) await this.#hold(number);
    for (;;) {
      const opened = await this.#open(number);
      await this.#join(opened);
      if (this.#opened.get(number) === opened) return this.#writeTo(number, opened, work);
    }
  }

  /** What has taken long, because this process stood still, may have met a file that was finished meanwhile: it is brought back. */
  async #writeTo<T>(number: number, opened: Opened, work: (member: Member) => Promise<T>): Promise<T> {
    const heldAt = this.#heldAt.get(number) ?? 0;
    try {
      return await serve(opened, work);
    } finally {
      if (Date.now() - heldAt > this.#limits.restMs / 2) await this.#hold(number);
    }
  }

  async #hold(number: number): Promise<void> {
    const now = Date.now();
    await this.#catalogue.hold(number, now);
    this.held(number, now);
    await this.refresh();
  }

  #open(number: number): Promise<Opened> {
    const opened = this.#opened.get(number);
    if (opened) return Promise.resolve(opened);
    const opening =
      this.#opening.get(number) ??
      this.#openNow(number).finally(() => {
        this.#opening.delete(number);
      });
    this.#opening.set(number, opening);
    return opening;
  }

  async #openNow(number: number): Promise<Opened> {
    if (!this.#files.has(number)) await this.#readFiles();
    const file = this.#files.get(number);
    if (!file) throw new RangeError(`the pool has no file ${number}`);
    const member = await this.#opener.open(file);
    const stop = member.journal.subscribe(this.#tell);
    const opened: Opened = { member, stop, users: 0, usedAt: Date.now(), joined: undefined, joining: undefined };
    this.#opened.set(number, opened);
    return opened;
  }

  /** Another process has added one. What is to be made of that follows when its notice comes. */
  async #readFiles(): Promise<void> {
    const files = await this.#catalogue.files();
    const added = files.filter(({ number }) => !this.#files.has(number));
    this.#files = new Map([...this.#files, ...added.map((file) => [file.number, file] as const)]);
  }

  #isJoined(opened: Opened): boolean {
    return opened.joined === this.#worker;
  }

  async #join(opened: Opened): Promise<void> {
    const worker = this.#worker;
    if (!worker || opened.joined === worker) return;
    if (opened.joining?.worker !== worker) opened.joining = { worker, done: acquire(opened, worker) };
    await opened.joining.done;
  }
}
