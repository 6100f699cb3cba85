import type { Catalogue } from './catalogue.js';
import type { Members } from './members.js';

/** Which file a new run of its own goes to. */
export interface Placement {
  choose(id: string): Promise<number | 'newest'>;
}

/** Routes that are remembered. They never change, so that any number will do. */
const mostKnown = 100_000;

/** Where ids belong. */
export class Routes {
  readonly #catalogue: Catalogue;
  readonly #members: Members;
  readonly #placement: Placement;
  readonly #known = new Map<string, number>();

  constructor(catalogue: Catalogue, members: Members, placement: Placement) {
    this.#catalogue = catalogue;
    this.#members = members;
    this.#placement = placement;
  }

  known(id: string): number | undefined {
    return this.#known.get(id);
  }

  async find(id: string): Promise<number | undefined> {
    const known = this.#known.get(id);
    if (known !== undefined) return known;
    const found = await this.#catalogue.find(id);
    if (found !== undefined) this.#remember(id, found);
    return found;
  }

  /** The file of an id, which has one from then on. */
  async place(id: string): Promise<number | undefined> {
    const found = await this.find(id);
    return found ?? (await this.#place([id], await this.#placement.choose(id)))[0];
  }

  /** Gives ids that have no file this one; answers with the file of each. */
  placeIn(ids: readonly string[], file: number): Promise<readonly (number | undefined)[]> {
    const known = ids.map((id) => this.#known.get(id));
    return known.includes(undefined) ? this.#place(ids, file) : Promise.resolve(known);
  }

  async #place(ids: readonly string[], file: number | 'newest'): Promise<readonly number[]> {
    const now = Date.now();
    const placed = await this.#catalogue.place(ids, file, now);
    for (const [index, number] of placed.entries()) {
      const id = ids[index];
      if (id !== undefined) this.#remember(id, number);
      if (this.#members.isBusy(number)) this.#members.held(number, now);
    }
    return placed;
  }

  #remember(id: string, file: number): void {
    this.#known.set(id, file);
    const [oldest] = this.#known.keys();
    if (this.#known.size > mostKnown && oldest !== undefined) this.#known.delete(oldest);
  }
}
