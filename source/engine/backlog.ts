/** Runs that wait for a place in memory, first in, first out, each once. */
export class Backlog {
  readonly #ids = new Set<string>();

  get size(): number {
    return this.#ids.size;
  }

  add(runId: string): void {
    this.#ids.add(runId);
  }

  delete(runId: string): void {
    this.#ids.delete(runId);
  }

  clear(): void {
    this.#ids.clear();
  }

  next(): string | undefined {
    for (const id of this.#ids) {
      this.#ids.delete(id);
      return id;
    }
    return undefined;
  }
}
