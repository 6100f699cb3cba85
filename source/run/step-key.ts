/** The identity of a command within its link: `kind:name#ordinal`. Ordinals count commands of one `kind:name` in the order of issue. */
export const stepKey = (kind: string, name: string, ordinal: number): string => `${kind}:${name}#${ordinal}`;

/** The name in a step key. */
export const nameOfStepKey = (key: string): string => key.slice(key.indexOf(':') + 1, key.lastIndexOf('#'));

/** The ordinal in a step key. */
export const ordinalOf = (key: string): number => Number(key.slice(key.lastIndexOf('#') + 1));

/**
 * The key under which the outside world should recognise a command: stable over attempts, replays and crashes, different for
 * every link, and for what is issued behind a rewind.
 */
export const idempotencyKey = (runId: string, link: number, epoch: number, key: string): string =>
  epoch === 0 ? `${runId}/${link}/${key}` : `${runId}/${link}.${epoch}/${key}`;

/** Hands out ordinals, one series for each `kind:name`. */
export class Ordinals {
  readonly #next = new Map<string, number>();

  next(kind: string, name: string): number {
    const series = `${kind}:${name}`;
    const ordinal = this.#next.get(series) ?? 0;
    this.#next.set(series, ordinal + 1);
    return ordinal;
  }
}
