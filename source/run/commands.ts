import type { Command, CommandKind, CommandSpec } from './command.js';
import { noChild, noProgress } from './command.js';
import type { Scope } from './scope.js';
import { ordinalOf, Ordinals, stepKey } from './step-key.js';

/** The kinds that just wait; the engine or the journal carries out the others. */
const waits: ReadonlySet<CommandKind> = new Set<CommandKind>(['signal', 'timer', 'sleep', 'child']);

const isWork = (kind: CommandKind): boolean => !waits.has(kind);

/** Which of the commands that were issued are started. */
export type Launches = (command: Command) => boolean;

/** The commands of a run: issued, pending, and which of them were cancelled in this replay or batch. */
export class Commands {
  readonly pending = new Map<string, Command>();
  readonly cancelled = new Set<string>();
  /** How many rewinds lie behind the place that has been reached. */
  epoch = 0;
  /** The epochs of sagas that a retry began anew. */
  readonly renewed: ReadonlyMap<string, number>;
  readonly #ordinals = new Ordinals();
  #issued: Command[] = [];
  #sweptAt = leastSwept;
  #order = 0;
  #working = 0;

  constructor(renewed: ReadonlyMap<string, number> = new Map()) {
    this.renewed = renewed;
  }

  /** The identity of a saga within its link. */
  sagaKey(name: string): string {
    return stepKey('saga', name, this.#ordinals.next('saga', name));
  }

  issue(spec: CommandSpec, clock: number, batch: number, scope: Scope): Command {
    // A step is undone once, even when a retry drops that: it would be undone behind the rewind once more, under another key.
    const undone = 'undoes' in spec ? spec.undoes : undefined;
    const ordinal = undone ? ordinalOf(undone.key) : this.#ordinals.next(spec.kind, spec.name);
    const command: Command = {
      spec,
      key: stepKey(spec.kind, spec.name, ordinal),
      epoch: undone ? undone.epoch : this.#epochIn(scope),
      order: this.#order,
      issuedAt: clock,
      batch,
      scope,
      state: 'pending',
      launched: false,
      intended: false,
      isLeft: false,
      progress: noProgress,
      child: noChild,
    };
    this.#order += 1;
    this.pending.set(command.key, command);
    if (this.#issued.length >= this.#sweptAt) this.#sweep();
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
  takeIssued(fits: Launches): readonly Command[] {
    const issued = this.#issued;
    if (issued.length === 0) return none;
    // As a rule a turn issues one command, and it starts.
    if (issued.length === 1 && issued[0]?.state === 'pending' && fits(issued[0])) {
      this.#issued = [];
      return issued;
    }
    const pending = issued.filter((command) => command.state === 'pending');
    this.#issued = pending.filter((command) => !fits(command));
    return pending.filter(fits);
  }

  /** Whether something is pending that does not just wait. */
  get working(): boolean {
    return this.#working > 0;
  }

  /** Whether something is at work, or has just been. */
  get inFlight(): boolean {
    for (const command of this.pending.values()) if (command.launched) return true;
    return false;
  }

  /** A replay issues all of a history before anything is started: what is settled by then is let go. */
  #sweep(): void {
    this.#issued = this.#issued.filter(({ state }) => state === 'pending');
    this.#sweptAt = Math.max(leastSwept, this.#issued.length * 2);
  }

  #epochIn({ saga }: Scope): number {
    return saga ? Math.max(this.epoch, this.renewed.get(saga.key) ?? 0) : this.epoch;
  }

  #leave(command: Command, state: 'settled' | 'cancelled'): void {
    if (command.state !== 'pending') return;
    command.state = state;
    this.pending.delete(command.key);
    if (isWork(command.spec.kind)) this.#working -= 1;
  }
}

const none: readonly Command[] = [];

const leastSwept = 100;
