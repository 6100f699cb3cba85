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
  readonly #series = new Map<string, Map<string, number>>();

  next(kind: string, name: string): number {
    // Two maps: the hash of a text that is made for it would be computed for each command.
    const series = this.#series.get(kind) ?? new Map<string, number>();
    const ordinal = series.get(name) ?? 0;
    if (ordinal === 0) this.#series.set(kind, series);
    series.set(name, ordinal + 1);
    return ordinal;
  }
}
