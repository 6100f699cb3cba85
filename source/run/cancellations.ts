import type { Command } from './command.js';
import type { Commands } from './commands.js';

/** What the pipeline unsubscribes from within a turn. It takes effect at the end of that turn. */
export class Cancellations {
  readonly #commands: Commands;
  #asked: Command[] = [];
  #launched: Command[] = [];
  #softened: Command[] = [];

  constructor(commands: Commands) {
    this.#commands = commands;
  }

  ask(command: Command): void {
    this.#asked.push(command);
  }

  takeEffect(): void {
    if (this.#asked.length === 0) return;
    for (const command of this.#asked) this.cancel(command);
    this.#asked = [];
  }

  /** The turn has failed the run: what it unsubscribed from is let finish, but for clean-up and what has not begun. */
  forget(): void {
    for (const command of this.#asked) if (command.scope.cleanUp) this.cancel(command);
    this.#asked = [];
  }

  cancel(command: Command): void {
    if (command.state !== 'pending') return;
    this.#commands.cancel(command);
    if (command.launched || command.child.state !== 'absent') this.#launched.push(command);
  }

  /** The children that were cancelled so far are those of another run. */
  forgetChildren(): void {
    this.#launched = this.#launched.filter(({ spec }) => spec.kind !== 'child');
  }

  /** Its AbortSignal is to fire, its outcome is waited for. */
  soften(command: Command): void {
    this.#softened.push(command);
  }

  /** The cancelled commands since the last call whose work has to be aborted. */
  takeLaunched(): readonly Command[] {
    return this.#launched.length === 0 ? none : this.#launched.splice(0);
  }

  takeSoftened(): readonly Command[] {
    return this.#softened.length === 0 ? none : this.#softened.splice(0);
  }
}

const none: readonly Command[] = [];
