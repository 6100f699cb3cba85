import type { Catalogue } from './catalogue.js';
import type { FileSize, Opener } from './member.js';
import type { Members } from './members.js';
import type { Placement } from './routes.js';

/** When a file is full. */
export interface RotationLimits {
  readonly maxFileSize: number;
  readonly maxPages: number;
}

/**
 * New runs go to the newest file; whoever finds it full makes the next one. It is complete before it is entered, and its name is its number:
 * two processes that do it at once make the same file, and who dies in between has left one that the next one finds.
 */
export class Rotation implements Placement {
  readonly #catalogue: Catalogue;
  readonly #opener: Opener;
  readonly #members: Members;
  readonly #name: string;
  readonly #limits: RotationLimits;
  #looking: Promise<void> | undefined;

  constructor(catalogue: Catalogue, opener: Opener, members: Members, name: string, limits: RotationLimits) {
    this.#catalogue = catalogue;
    this.#opener = opener;
    this.#members = members;
    this.#name = name;
    this.#limits = limits;
  }

  /** The first file of a new pool. */
  async begin(): Promise<void> {
    await this.#members.refresh();
    if (!this.#members.newest) await this.#add(1);
  }

  async choose(): Promise<'newest'> {
    this.#looking ??= this.#makeRoom().finally(() => {
      this.#looking = undefined;
    });
    await this.#looking;
    return 'newest';
  }

  /** Another process may have added files that are full by now as well. */
  async #makeRoom(): Promise<void> {
    for (let { newest } = this.#members; newest; newest = this.#members.newest) {
      const { number } = newest;
      if (!this.#isFull(await this.#members.use(number, (member) => member.size()))) return;
      await this.#add(number + 1);
    }
  }

  async #add(number: number): Promise<void> {
    const file = { number, location: `${this.#name}.${String(number).padStart(6, '0')}.db` };
    await this.#opener.create(file);
    await this.#catalogue.enter(file, Date.now());
    await this.#members.refresh();
  }

  /** One without a run is not: a limit below what an empty file takes gives each run a file of its own. */
  #isFull({ isEmpty, pages, bytes }: FileSize): boolean {
    return !isEmpty && (bytes >= this.#limits.maxFileSize || pages >= this.#limits.maxPages);
  }
}
