import type { PipelineExecution } from '../run/execution.js';

interface Limits {
  readonly parkAfterMs: number;
  readonly evictAfterMs: number;
}

/**
 * Which of the runs in memory only wait, and since when. A run that waits is first parked (the database learns that there is
 * nothing to do), then evicted (it leaves memory). Both happen in real time, whatever clock the runs live by.
 */
export class Residency {
  readonly #limits: Limits;
  readonly #evict: (execution: PipelineExecution) => void;
  /** In the order in which they fell idle. */
  readonly #idleSince = new Map<PipelineExecution, number>();
  readonly #unparked = new Set<PipelineExecution>();
  #timer: NodeJS.Timeout | undefined;

  constructor(limits: Limits, evict: (execution: PipelineExecution) => void) {
    this.#limits = limits;
    this.#evict = evict;
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
      this.busy(execution);
      this.#evict(execution);
      return true;
    }
    return false;
  }

  clear(): void {
    clearTimeout(this.#timer);
    this.#timer = undefined;
    this.#idleSince.clear();
    this.#unparked.clear();
  }

  #arm(): void {
    if (this.#timer || this.#idleSince.size === 0) return;
    const [oldest = 0] = this.#idleSince.values();
    const left = this.#limits.evictAfterMs - (performance.now() - oldest);
    const delayMs = this.#unparked.size > 0 ? this.#limits.parkAfterMs : Math.max(left, this.#limits.parkAfterMs);
    // An open engine is kept alive by its lease, not by a run that could leave memory.
    this.#timer = setTimeout(() => {
      this.#timer = undefined;
      this.#sweep();
      this.#arm();
    }, delayMs).unref();
  }

  #sweep(): void {
    for (const execution of [...this.#unparked]) {
      this.#unparked.delete(execution);
      if (execution.status === 'idle') void execution.park();
    }
    const now = performance.now();
    for (const [execution, since] of [...this.#idleSince]) {
      if (now - since < this.#limits.evictAfterMs) break;
      if (execution.status !== 'idle') this.busy(execution);
      else if (execution.parked) {
        this.busy(execution);
        this.#evict(execution);
      }
    }
  }
}
