import { isEnd, type RunEvent } from '../journal/event.js';
import type { Journal } from '../journal/journal.js';
import type { RunRecord } from '../journal/run-record.js';
import type { LiveContext } from './live-context.js';
import { cutsOf, isCut, lenientZones, type Cut } from './rewinds.js';

/** Events that are read at once on replay. */
const pageSize = 1000;

/** How far a run has come in its journal, and which parts of that no longer count. */
export class Pages {
  /** The next event has this `seq`. */
  seq = 0;
  /** The instant of the last event. */
  at = 0;
  #isLast = false;
  /** The last batch that counts of the last page. */
  #lastBatch = 0;
  /** Of a paused run: the batch of what has been recorded since. */
  #held: number | undefined;
  readonly #read: (from: number, limit: number) => Promise<readonly RunEvent[]>;
  readonly #isPaused: boolean;
  readonly #cuts: Cut[];
  #inCut = false;
  readonly #lenient: ReturnType<typeof lenientZones>;

  constructor({ id, link, status, rewinds = [] }: RunRecord, journal: Pick<Journal, 'events'>) {
    this.#read = (from, limit) => journal.events(id, link, from, limit);
    this.#isPaused = status === 'paused';
    this.#cuts = cutsOf(rewinds);
    this.#lenient = lenientZones(rewinds);
  }

  get isLast(): boolean {
    return this.#isLast;
  }

  /** What is recorded while nothing is delivered is one batch of one instant, for a replay delivers it in one go. */
  holdBatch(): number {
    this.#held ??= this.seq;
    return this.#held;
  }

  /** Reads the next page. */
  async read(): Promise<readonly RunEvent[]> {
    for (let size = pageSize; ; size *= 2) {
      const read = await this.#read(this.seq, size + 1);
      if (read.length <= size) return this.#add(read, true);
      const end = this.#endOfPage(read);
      if (end > 0) return this.#add(read.slice(0, end), false);
    }
  }

  /** The first page is at hand, and it is the last one. */
  begin(page: readonly RunEvent[]): readonly RunEvent[] {
    return this.#add(page, true);
  }

  /** A page ends where a later batch is known to begin with something that counts: `hasMoreThan` has to know. */
  #endOfPage(read: readonly RunEvent[]): number {
    return read.findLastIndex(
      (event, place) => place > 0 && event.batch > (read[place - 1]?.batch ?? 0) && this.#counts(event),
    );
  }

  #counts(event: RunEvent): boolean {
    return isOfPipeline(event) && !isCut(this.#cuts, event.seq);
  }

  #add(page: readonly RunEvent[], isLast: boolean): readonly RunEvent[] {
    const pausedAt = this.#isPaused ? page.findLastIndex(({ type }) => type === 'run-paused') : -1;
    if (pausedAt >= 0) this.#held = undefined;
    if (this.#isPaused && (pausedAt >= 0 || this.seq > 0)) this.#held ??= page[pausedAt + 1]?.batch;
    this.wrote(page);
    this.#isLast = isLast;
    if (isLast) this.#lastBatch = page.findLast((event) => this.#counts(event))?.batch ?? 0;
    return page;
  }

  wrote(events: readonly RunEvent[]): void {
    this.seq += events.length;
    this.at = Math.max(this.at, events.at(-1)?.at ?? 0);
  }

  /** Whether the journal has something that counts after this batch. */
  hasMoreThan(batch: number): boolean {
    return !this.#isLast || batch < this.#lastBatch;
  }

  /** Whether the journal may have more here than the code asks for. */
  isLenient({ seq }: RunEvent): boolean {
    return this.#lenient.length > 0 && this.#lenient.some(({ from, to }) => seq > from && seq <= to);
  }

  /** The cut that an event lies in. At its beginning the run enters another epoch, at its end the time of the decision. */
  cutAt({ seq }: RunEvent, run: LiveContext): Cut | undefined {
    const cut = this.#cuts[0];
    if (!cut || seq < cut.from) return undefined;
    if (!this.#inCut) {
      this.#inCut = true;
      run.commands.epoch = cut.epoch;
    }
    if (seq === cut.seq) {
      this.#inCut = false;
      this.#cuts.shift();
      run.clock = Math.max(run.clock, cut.at);
      if (cut.renewedAt !== undefined) run.renewTimeout(cut.renewedAt);
    }
    return cut;
  }
}

/** Something that the pipeline has led to or was told. Whoever terminated the run did not ask it. */
const isOfPipeline = (event: RunEvent): boolean =>
  'key' in event || event.type === 'output-emitted' || (isEnd(event) && event.type !== 'run-terminated');
