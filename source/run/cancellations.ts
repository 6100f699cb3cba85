import type { Command } from './command.js';
import type { Commands } from './commands.js';

/** What the pipeline unsubscribes from within a turn. It takes effect at the end of that turn. */
export class Cancellations {
  readonly #commands: Commands;
  #asked: Command[] = [];
  #launched: Command[] = [];

  constructor(commands: Commands) {
    this.#commands = commands;
  }

  ask(command: Command): void {
    this.#asked.push(command);
  }

  takeEffect(): void {
    for (const command of this.#asked) this.#cancel(command);
    this.#asked = [];
  }

  /** The run has ended: what is still in flight is no longer wanted. */
  cancelAll(): void {
    for (const command of [...this.#commands.pending.values()]) this.#cancel(command);
  }

  /** The cancelled commands since the last call whose work has to be aborted. */
  takeLaunched(): Command[] {
    return this.#launched.splice(0);
  }

  #cancel(command: Command): void {
    if (command.state !== 'pending') return;
    this.#commands.cancel(command);
    if (command.launched) this.#launched.push(command);
  }
}
