import type { Command, CommandKind, CommandSpec } from './command.js';
import { noProgress } from './command.js';
import { Ordinals, stepKey } from './step-key.js';

/** The kinds that the engine carries out; the others wait. */
const isWork = (kind: CommandKind): boolean => kind === 'activity' || kind === 'sideEffect';

/** The commands of a run: issued, pending, and which of them were cancelled in this replay or batch. */
export class Commands {
  readonly pending = new Map<string, Command>();
  readonly cancelled = new Set<string>();
  readonly #ordinals = new Ordinals();
  #issued: Command[] = [];
  #order = 0;
  #working = 0;

  issue(spec: CommandSpec, clock: number): Command {
    const command: Command = {
      spec,
      key: stepKey(spec.kind, spec.name, this.#ordinals.next(spec.kind, spec.name)),
      epoch: 0,
      order: this.#order,
      issuedAt: clock,
      state: 'pending',
      launched: false,
      intended: false,
      progress: noProgress,
    };
    this.#order += 1;
    this.pending.set(command.key, command);
    this.#issued.push(command);
    if (isWork(spec.kind)) this.#working += 1;
    return command;
  }

  settle(command: Command): void {
    this.#leave(command, 'settled');
  }

  cancel(command: Command): void {
    this.#leave(command, 'cancelled');
    this.cancelled.add(command.key);
  }

  /** The commands issued since the last call that are still pending, in the order of issue. */
  takeIssued(): Command[] {
    const issued = this.#issued.filter((command) => command.state === 'pending');
    this.#issued = [];
    return issued;
  }

  /** Whether something is pending that does not just wait. */
  get working(): boolean {
    return this.#working > 0;
  }

  #leave(command: Command, state: 'settled' | 'cancelled'): void {
    if (command.state !== 'pending') return;
    command.state = state;
    this.pending.delete(command.key);
    if (isWork(command.spec.kind)) this.#working -= 1;
  }
}
