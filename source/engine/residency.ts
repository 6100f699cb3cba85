import type { PipelineExecution } from '../run/execution.js';

interface Limits {
  readonly parkAfterMs: number;
  readonly evictAfterMs: number;
}

interface ResidencyHost {
  evict(execution: PipelineExecution): void;
  /** Runs that wait for a place in memory. */
  wanted(): number;
}

/**
 * Which of the runs in memory only wait, and since when. A run that waits is first parked (the database learns that there is
 * nothing to do), then evicted (it leaves memory). Both happen in real time, whatever clock the runs live by.
 */
export class Residency {
  readonly #limits: Limits;
  readonly #host: ResidencyHost;
  /** In the order in which they fell idle. */
  readonly #idleSince = new Map<PipelineExecution, number>();
  readonly #unparked = new Set<PipelineExecution>();
  readonly #parking = new Sweep();
  readonly #evicting = new Sweep();
  readonly #hurrying = new Sweep();

  constructor(limits: Limits, host: ResidencyHost) {
    this.#limits = limits;
    this.#host = host;
  }

  /** Runs that only wait. */
  get size(): number {
    return this.#idleSince.size;
  }

  idle(execution: PipelineExecution): void {
    if (!this.#idleSince.has(execution)) this.#idleSince.set(execution, performance.now());
    if (!execution.parked) this.#unparked.add(execution);
    this.#arm();
  }

  busy(execution: PipelineExecution): void {
    this.#idleSince.delete(execution);
    this.#unparked.delete(execution);
  }

  /** Makes room now: the run that has been idle for longest is evicted, if there is one. */
  makeRoom(): boolean {
    for (const execution of this.#idleSince.keys()) {
      if (execution.status !== 'idle' || !execution.parked) continue;
      this.#drop(execution);
      return true;
    }
    return false;
  }

  /** Others wait for the places of runs that only wait themselves. */
  hurry(): void {
    this.#hurrying.in(0, () => {
      for (const execution of [...this.#idleSince.keys()].slice(0, this.#host.wanted())) {
        if (execution.status !== 'idle') continue;
        // Parked, it falls idle once more, and leaves then.
        if (!execution.parked) void execution.park();
        else if (this.#host.wanted() > 0) this.#drop(execution);
      }
    });
  }

  /** Whether a run is about to be parked or to leave memory at once: a clock that stands still waits for that. */
  get isQuiet(): boolean {
    return !this.#parking.isImmediate && !this.#evicting.isImmediate && !this.#hurrying.isImmediate;
  }

  clear(): void {
    for (const sweep of [this.#parking, this.#evicting, this.#hurrying]) sweep.cancel();
    this.#idleSince.clear();
    this.#unparked.clear();
  }

  #arm(): void {
    const { parkAfterMs, evictAfterMs } = this.#limits;
    if (this.#unparked.size > 0) {
      this.#parking.in(parkAfterMs, () => {
        this.#park();
      });
    }
    const [oldest] = this.#idleSince.values();
    if (oldest === undefined) return;
    // What cannot be evicted yet is looked at again no more often than it could be parked.
    const leftMs = Math.ceil(evictAfterMs - (performance.now() - oldest));
    this.#evicting.in(Math.max(leftMs, Math.min(parkAfterMs, evictAfterMs)), () => {
      this.#evictOld();
      this.#arm();
    });
  }

  #park(): void {
    for (const execution of this.#unparked) if (execution.status === 'idle') void execution.park();
    this.#unparked.clear();
  }

  #evictOld(): void {
    const now = performance.now();
    for (const [execution, since] of [...this.#idleSince]) {
      if (now - since < this.#limits.evictAfterMs) break;
      if (execution.status !== 'idle') this.busy(execution);
      else if (execution.parked) this.#drop(execution);
    }
  }

  #drop(execution: PipelineExecution): void {
    this.busy(execution);
    this.#host.evict(execution);
  }
}

/** Something that is to be done once, after a while; asking again before changes nothing. It keeps no process alive. */
class Sweep {
  #timer: NodeJS.Timeout | undefined;
  #immediate: NodeJS.Immediate | undefined;

  get isImmediate(): boolean {
    return this.#immediate !== undefined;
  }

  in(delayMs: number, work: () => void): void {
    if (this.#timer || this.#immediate) return;
    const go = (): void => {
      this.#timer = undefined;
      this.#immediate = undefined;
      work();
    };
    if (delayMs > 0) this.#timer = setTimeout(go, delayMs).unref();
    else this.#immediate = setImmediate(go).unref();
  }

  cancel(): void {
    clearTimeout(this.#timer);
    clearImmediate(this.#immediate);
    this.#timer = undefined;
    this.#immediate = undefined;
  }
}
