import { digest } from '../../values/digest.js';
import type { Catalogue } from './catalogue.js';
import type { Opener } from './member.js';
import type { Members } from './members.js';
import type { Placement } from './routes.js';

/**
 * New runs go to the shard whose name gives the highest digest together with their id: each shard gets its share, and a shard more takes over an
 * equal part from each of the others (rendezvous hashing: Thaler and Ravishankar, IEEE/ACM Transactions on Networking 6(1), 1998). That is
 * asked for new ids only: where a run is, its route says.
 */
export class Shards implements Placement {
  readonly #catalogue: Catalogue;
  readonly #opener: Opener;
  readonly #members: Members;
  readonly #locations: readonly string[];
  #numbers: readonly (readonly [location: string, number: number])[] = [];

  constructor(catalogue: Catalogue, opener: Opener, members: Members, locations: readonly string[]) {
    this.#catalogue = catalogue;
    this.#opener = opener;
    this.#members = members;
    this.#locations = locations;
  }

  /** Enters the shards that the catalogue does not have yet. */
  async begin(): Promise<void> {
    await this.#members.refresh();
    for (const location of this.#locations) {
      while (!this.#numberOf(location)) {
        const number = (this.#members.newest?.number ?? 0) + 1;
        await this.#opener.create({ number, location });
        // Another process may have given the number to another shard: this one is empty, and gets the next.
        await this.#catalogue.enter({ number, location }, Date.now());
        await this.#members.refresh();
      }
    }
    this.#numbers = this.#locations.map((location) => [location, this.#numberOf(location) ?? 0]);
  }

  choose(id: string): Promise<number> {
    let best = { rank: '', number: 0 };
    for (const [location, number] of this.#numbers) {
      const rank = digest(`${location} ${id}`);
      if (rank > best.rank) best = { rank, number };
    }
    return Promise.resolve(best.number);
  }

  #numberOf(location: string): number | undefined {
    return this.#members.files.find((file) => file.location === location)?.number;
  }
}
