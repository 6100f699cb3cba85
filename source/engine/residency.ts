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
  #immediate: NodeJS.Immediate | undefined;

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

  /** Others wait for the place of a run that only waits itself. */
  makeRoomSoon(execution: PipelineExecution): void {
    setImmediate(() => {
      if (execution.status === 'idle' && !execution.parked) void execution.park();
      else if (execution.status === 'idle') this.makeRoom();
    });
  }

  clear(): void {
    clearTimeout(this.#timer);
    clearImmediate(this.#immediate);
    this.#timer = undefined;
    this.#immediate = undefined;
    this.#idleSince.clear();
    this.#unparked.clear();
  }

  /** Whether a run leaves memory at once: time has to wait for that. */
  get isQuiet(): boolean {
    return this.#immediate === undefined;
  }

  #arm(): void {
    if (this.#timer || this.#immediate || this.#idleSince.size === 0) return;
    const [oldest = 0] = this.#idleSince.values();
    const left = this.#limits.evictAfterMs - (performance.now() - oldest);
    const delayMs = this.#unparked.size > 0 ? this.#limits.parkAfterMs : Math.max(left, this.#limits.parkAfterMs);
    const sweep = (): void => {
      this.#timer = undefined;
      this.#immediate = undefined;
      this.#sweep();
      this.#arm();
    };
    // An open engine is kept alive by its lease, not by a run that could leave memory.
    if (delayMs > 0) this.#timer = setTimeout(sweep, delayMs).unref();
    else this.#immediate = setImmediate(sweep).unref();
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
