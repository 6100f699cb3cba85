import type { Catalogue } from './catalogue.js';
import type { PoolLimits } from './limits.js';
import type { Members } from './members.js';

const longestPauseMs = 10_000;

/**
 * Finishes files in which nothing can happen any more, and closes what nobody reads. Every process does so; the catalogue lets one of them. It keeps no
 * process alive.
 */
export class Housekeeping {
  readonly #catalogue: Catalogue;
  readonly #members: Members;
  readonly #limits: PoolLimits;
  readonly #timer: NodeJS.Timeout;
  #going: Promise<void> | undefined;

  constructor(catalogue: Catalogue, members: Members, limits: PoolLimits) {
    this.#catalogue = catalogue;
    this.#members = members;
    this.#limits = limits;
    const pauseMs = Math.min(limits.restMs, limits.idleMs, longestPauseMs);
    this.#timer = setInterval(
      () => {
        // What cannot be done now (locked, full) is done the next time.
        void this.tidy().catch(() => undefined);
      },
      Math.max(pauseMs, 1),
    ).unref();
  }

  tidy(): Promise<void> {
    this.#going ??= this.#tidy().finally(() => {
      this.#going = undefined;
    });
    return this.#going;
  }

  async stop(): Promise<void> {
    clearInterval(this.#timer);
    await this.#going?.catch(() => undefined);
  }

  async #tidy(): Promise<void> {
    const files = await this.#catalogue.files();
    let isChanged = false;
    for (const file of files.slice(0, -1)) {
      if (file.state !== 'open' || file.heldAt > Date.now() - this.#limits.restMs) continue;
      // Read behind the hold: whoever writes later holds it anew, and then it is not finished.
      const { isQuiet, last } = await this.#members.use(file.number, (member) => member.rest());
      if (isQuiet) isChanged = (await this.#catalogue.finish(file, last)) || isChanged;
    }
    if (isChanged) await this.#members.refresh();
    await this.#members.closeIdle();
  }
}
