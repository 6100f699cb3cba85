import { firstValueFrom } from 'rxjs';
import type { Run, SignalArguments } from '../client/run-handle.js';
import type { RunEvent } from '../journal/event.js';
import { readHistory, type RunHistory } from '../journal/history.js';
import type { Journal, NewSignal } from '../journal/journal.js';
import type { RunState } from '../observe/reduce-state.js';
import type { Command } from '../run/command.js';
import type { SignalDefinition } from '../run/signal.js';
import type { Duration } from '../values/duration.js';
import { EngineError } from '../errors.js';
import { historyMarbles } from './history-marbles.js';

/** What a run asks for and has not got yet. */
export interface PendingCommand {
  /** Its step key, `kind:name#ordinal`. */
  readonly key: string;
  readonly kind: Command['spec']['kind'];
  readonly name: string;
  /** The run's time when it was asked for. */
  readonly issuedAt: number;
  /** Of a timer. */
  readonly due?: number;
}

/** What a test run needs from its engine. */
export interface TestRunHost {
  readonly journal: Journal;
  /** Lets time pass until the promise settles. */
  until<T>(promise: Promise<T>, what: string): Promise<T>;
  settle(): Promise<void>;
  pending(id: string): Promise<readonly Command[]>;
  at(when: Duration | Date, letter: Omit<NewSignal, 'at'>): void;
}

/** What depends on the types of its workflow. */
export interface RunView<O> {
  /** The handle of the process that is up. */
  handle(): Run<O>;
  decode(output: string): O;
}

/** A run in a test engine, to be driven and looked into. */
export class TestRun<O = unknown> {
  readonly id: string;
  readonly #view: RunView<O>;
  readonly #host: TestRunHost;

  constructor(id: string, view: RunView<O>, host: TestRunHost) {
    this.id = id;
    this.#view = view;
    this.#host = host;
  }

  /** As `result()` of a run; time passes by itself, as much as it takes. Rejects when the run waits for what never comes. */
  result(): Promise<O | undefined> {
    return this.#host.until(this.#handle.result(), this.id);
  }

  /** As `signal` of a run; answers when everything that it leads to at once has happened. */
  async signal<P>(signal: SignalDefinition<P>, ...args: SignalArguments<P>): Promise<void> {
    await this.#handle.signal(signal, ...args);
    await this.#host.settle();
  }

  /** Somebody publishes a signal later, after a duration from now or at an instant, whether a process is up then or not. */
  signalAt<P>(when: Duration | Date, signal: SignalDefinition<P>, payload: P): void {
    const letter = { runId: this.id, name: signal.name, payload: signal.codec.encode(payload) };
    this.#host.at(when, letter);
  }

  async state(): Promise<RunState<O>> {
    await this.#host.settle();
    // eslint-disable-next-line rxjs-x/no-ignored-default-value -- a state is never empty: it has a first value or an error
    return firstValueFrom(this.#handle.state$);
  }

  async events(): Promise<readonly RunEvent[]> {
    return (await this.#history()).events;
  }

  /** The outputs so far. */
  async outputs(): Promise<readonly O[]> {
    const { events } = await this.#history();
    return events.flatMap((event) => (event.type === 'output-emitted' ? [this.#view.decode(event.payload)] : []));
  }

  /** What it waits for or has in flight, in the order in which it was asked for. */
  async commands(): Promise<readonly PendingCommand[]> {
    await this.#host.settle();
    return (await this.#host.pending(this.id)).map(({ key, issuedAt, spec }) => ({
      key,
      kind: spec.kind,
      name: spec.name,
      issuedAt,
      ...('due' in spec ? { due: spec.due } : {}),
    }));
  }

  /** The history as marbles. */
  async marbles(): Promise<string> {
    return historyMarbles((await this.#history()).events);
  }

  get #handle(): Run<O> {
    return this.#view.handle();
  }

  async #history(): Promise<RunHistory> {
    await this.#host.settle();
    const { journal } = this.#host;
    const record = await journal.run(this.id);
    if (!record) throw new EngineError('RUN_NOT_FOUND', `there is no run "${this.id}" in this test engine`);
    return readHistory(journal, record);
  }
}
