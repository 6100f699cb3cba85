import type { Command } from './command.js';

/** The versions that a link has chosen, by change: those that are recorded, and those that the pipeline has seen already. */
export class Versions {
  #recorded: Readonly<Record<string, number>>;
  /** Both are made when a version is asked for: most runs never do. */
  #seen: Map<string, number> | undefined;
  /** Two places may ask at once, with different ranges. */
  #chosen: Map<string, number> | undefined;
  /** Who has asked and found no record, by key. */
  #asked: Map<string, Asked> | undefined;

  constructor(recorded: Readonly<Record<string, number>> = {}) {
    this.#recorded = recorded;
  }

  /** What the pipeline has seen; from then on it need not ask again. */
  seen(change: string): number | undefined {
    return this.#seen?.get(change);
  }

  see(change: string, version: number): void {
    this.#seen ??= new Map();
    this.#seen.set(change, version);
  }

  /** The version of a change that is about to be recorded: the newest one, unless there is a choice already. */
  choose(change: string, newest: number): number {
    const version = this.#chosen?.get(change) ?? this.#recorded[change] ?? newest;
    this.#chosen ??= new Map();
    this.#chosen.set(change, version);
    return version;
  }

  asks(command: Command, newest: number): void {
    this.#asked ??= new Map();
    this.#asked.set(command.key, { command, newest });
  }

  answered(key: string): void {
    this.#asked?.delete(key);
  }

  /**
   * Removes and returns those that were taken back before they were answered. Their choice is recorded all the same: to a replay the run would
   * else have been past the place before there was one.
   */
  takeTakenBack(): readonly { readonly command: Command; readonly version: number }[] {
    if (!this.#asked) return none;
    const takenBack = [...this.#asked.values()].filter(({ command }) => command.state === 'cancelled');
    for (const { command } of takenBack) this.#asked.delete(command.key);
    return takenBack.map(({ command, newest }) => ({ command, version: this.choose(command.spec.name, newest) }));
  }

  recorded(change: string): number | undefined {
    return this.#recorded[change];
  }

  /** The choice is about to be recorded; answers with all of them. */
  record(change: string, version: number): Readonly<Record<string, number>> {
    this.#recorded = { ...this.#recorded, [change]: version };
    return this.#recorded;
  }
}

interface Asked {
  readonly command: Command;
  readonly newest: number;
}

const none: readonly never[] = [];
