/** One figure of a workload. `raw` is what plain libSQL reaches in the same run, `ratio` is ours to raw where that makes sense. */
export interface Result {
  readonly id: string;
  readonly what: string;
  readonly value: number;
  readonly unit: string;
  readonly raw?: number;
  readonly ratio?: number;
  /** What we aim at: `at least` or `at most`. */
  readonly aim?: readonly ['>=' | '<=', number];
}

export const median = (values: readonly number[]): number => percentile(values, 0.5);

export const percentile = (values: readonly number[], share: number): number => {
  const sorted = [...values].sort((a, b) => a - b);
  return sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))] ?? NaN;
};

/** Several runs of the same thing, one after the other, behind a few that let the compiler settle: a server is warm. */
export const rounds = 5;

export const repeated = async <T>(measure: () => Promise<T> | T, times = rounds, warmUps = 0): Promise<T[]> => {
  const results: T[] = [];
  for (let round = 0; round < warmUps; round += 1) await measure();
  for (let round = 0; round < times; round += 1) {
    results.push(await measure());
  }
  return results;
};

export const secondsOf = async (work: () => Promise<unknown> | undefined): Promise<number> => {
  const start = performance.now();
  await work();
  return (performance.now() - start) / 1000;
};
