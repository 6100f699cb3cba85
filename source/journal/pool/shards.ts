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

  /** Enters the shards that the catalogue does not have yet. Their numbers are known before they are numbered, to all processes alike. */
  async begin(): Promise<void> {
    const numbers: [location: string, number: number][] = [];
    for (const location of this.#locations) {
      const number = (await this.#numberOf(location)) ?? (await this.#enter(location));
      await this.#opener.create({ number, location });
      numbers.push([location, number]);
    }
    await this.#members.refresh();
    this.#numbers = numbers;
  }

  async #enter(location: string): Promise<number> {
    const refusal = await this.#opener.create({ location }).then(
      () => undefined,
      (error: unknown) => ({ error }),
    );
    for (;;) {
      // Another process may have entered it, and started runs in it, or another one under this number.
      const entered = await this.#numberOf(location);
      if (entered !== undefined) return entered;
      if (refusal) throw refusal.error;
      const last = (await this.#catalogue.files()).at(-1)?.number ?? 0;
      await this.#catalogue.enter({ number: last + 1, location }, Date.now());
    }
  }

  choose(id: string): Promise<number> {
    let best = { rank: '', number: 0 };
    for (const [location, number] of this.#numbers) {
      const rank = digest(`${location} ${id}`);
      if (rank > best.rank) best = { rank, number };
    }
    return Promise.resolve(best.number);
  }

  async #numberOf(location: string): Promise<number | undefined> {
    return (await this.#catalogue.files()).find((file) => file.location === location)?.number;
  }
}
