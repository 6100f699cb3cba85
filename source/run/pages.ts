import type { RunEvent } from '../journal/event.js';
import type { RunRecord } from '../journal/run-record.js';
import type { LiveContext } from './live-context.js';
import { cutsOf, isCut, lenientZones, type Cut } from './rewinds.js';

/** Events that are read at once on replay. */
const pageSize = 1000;

/** How far a run has come in its journal, and which parts of that no longer count. */
export class Pages {
  readonly size = pageSize;
  /** The next event has this `seq`. */
  seq = 0;
  /** The instant of the last event. */
  at = 0;
  #isLast = false;
  /** The last batch that counts of the last page. */
  #lastBatch = 0;
  /** Of a paused run: the batch of what has been recorded since. */
  #held: number | undefined;
  readonly #isPaused: boolean;
  readonly #cuts: Cut[];
  #inCut = false;
  readonly #lenient: ReturnType<typeof lenientZones>;

  constructor({ status, rewinds = [] }: RunRecord) {
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

  add(page: readonly RunEvent[]): void {
    const pausedAt = this.#isPaused ? page.findLastIndex(({ type }) => type === 'run-paused') : -1;
    if (pausedAt >= 0) this.#held = undefined;
    if (this.#isPaused && (pausedAt >= 0 || this.seq > 0)) this.#held ??= page[pausedAt + 1]?.batch;
    this.wrote(page);
    this.#isLast = page.length < pageSize;
    if (!this.#isLast) return;
    const last = page.findLast((event) => isOfPipeline(event) && !isCut(this.#cuts, event.seq));
    this.#lastBatch = last?.batch ?? 0;
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
    }
    return cut;
  }
}

/** Something that the pipeline has led to or was told. */
const isOfPipeline = (event: RunEvent): boolean => 'key' in event || event.type === 'output-emitted';
