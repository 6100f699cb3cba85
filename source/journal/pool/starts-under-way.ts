/** Runs that are being started: whoever asks for one in the meantime comes behind its start, as he would in a single database. */
export class StartsUnderWay {
  readonly #settled = new Map<string, Promise<void>>();

  has(id: string): boolean {
    return this.#settled.has(id);
  }

  async settled(id: string): Promise<void> {
    await this.#settled.get(id);
  }

  /** Starts of one id come one after the other. */
  begin<T>(id: string, start: () => Promise<T>): Promise<T> {
    const before = this.settled(id);
    const go = async (): Promise<T> => {
      await before;
      try {
        return await start();
      } finally {
        if (this.#settled.get(id) === settled) this.#settled.delete(id);
      }
    };
    const started = go();
    const settled = started.then(ignore, ignore);
    this.#settled.set(id, settled);
    return started;
  }
}

const ignore = (): void => undefined;
