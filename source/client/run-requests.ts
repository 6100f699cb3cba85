import type { Signals } from '../engine/signals.js';
import { EngineError } from '../errors.js';
import { CatchUp } from '../journal/catch-up.js';
import type { Journal } from '../journal/journal.js';
import type { RunRecord } from '../journal/run-record.js';
import type { RunStatus } from '../journal/status.js';
import type { Clock } from '../run/clock.js';
import { alreadyThere, behindOf, takenIn, type Control } from '../run/control.js';

interface Waiter {
  readonly resolve: () => void;
  readonly reject: (error: unknown) => void;
}

/** What is asked of runs, and who waits until it has been decided. */
export class RunRequests {
  readonly #journal: Journal;
  readonly #signals: Signals;
  readonly #clock: Clock;
  readonly #waiters = new Map<number, Waiter>();
  readonly #stop: () => void;
  readonly #catchUp: CatchUp;

  constructor(journal: Journal, signals: Signals, clock: Clock) {
    this.#journal = journal;
    this.#signals = signals;
    this.#catchUp = new CatchUp(
      () => this.#readAll(),
      () => undefined,
    );
    this.#clock = clock;
    this.#stop = journal.subscribe((changes) => {
      for (const change of changes) {
        if (change.type === 'foreign') this.#catchUp.ask();
        if (change.type === 'consumed') for (const id of change.ids) this.#settle(id);
      }
    });
  }

  /**
   * Stores a request; answers when the owner of the run has written what it comes to (a cancellation: when it is stored, for clean-up may
   * take its time). Errors: `RUN_NOT_FOUND`, `WRONG_STATE`; nothing is written then.
   */
  async ask(runId: string, control: Control): Promise<void> {
    const payload = control.type === 'rewind' ? JSON.stringify({ goTo: control.goTo }) : '{}';
    const request = { runId, name: control.type, payload, at: this.#clock.now() };
    const { id, run } = await this.#signals.beside(runId, () =>
      this.#journal.request(request, takenIn[control.type], behindOf(control)),
    );
    if (id !== undefined) {
      if (control.type !== 'cancel') await this.#decided(id);
    } else if (!alreadyThere[control.type].includes(run.status)) throw wrongState(control.type, run);
  }

  close(): void {
    this.#stop();
    this.#catchUp.stop();
    const closed = new EngineError(
      'ENGINE_CLOSED',
      'the engine was closed; what was asked is stored, and decided when it is opened again',
    );
    for (const { reject } of this.#waiters.values()) reject(closed);
    this.#waiters.clear();
  }

  async #decided(id: number): Promise<void> {
    const decided = new Promise<void>((resolve, reject) => {
      this.#waiters.set(id, { resolve, reject });
    });
    // It waits first and reads second: what is decided in between is heard.
    this.#journal.isUnread(id).then(
      (isUnread) => {
        if (!isUnread) this.#settle(id);
      },
      (error: unknown) => {
        this.#waiters.get(id)?.reject(error);
        this.#waiters.delete(id);
      },
    );
    return decided;
  }

  /** The worker of another process may have decided. What cannot be read now is read when it writes again. */
  async #readAll(): Promise<void> {
    for (const id of [...this.#waiters.keys()]) if (!(await this.#journal.isUnread(id))) this.#settle(id);
  }

  #settle(id: number): void {
    this.#waiters.get(id)?.resolve();
    this.#waiters.delete(id);
  }
}

const advice: Readonly<Partial<Record<RunStatus, string>>> = {
  blocked: 'Its code does not fit its journal: mend the code and `replay` it, or `terminate` it',
  completed: 'Start a new one with `retry`, or go back with `rewind` or `fork`',
  failed: 'Go on from where it failed with `replay`, start a new one with `retry`, or go back with `rewind` or `fork`',
  cancelled: 'Start a new one with `retry`, or take its beginning with `fork`',
  terminated: 'Start a new one with `retry`, or take its beginning with `fork`',
};

export const wrongState = (asked: string, { id, status }: RunRecord): EngineError =>
  new EngineError(
    'WRONG_STATE',
    `run "${id}" is ${status}: ${asked} is not possible then, and nothing was changed. ` +
      (advice[status] ?? 'Pause it first, or wait for its end'),
  );
