import type { ExecutionContext } from 'ava';
import { Tempolite, type TempoliteOptions } from '../../source/client/tempolite.js';
import { TestClock } from '../../source/testing/index.js';
import { faultsOf } from './check-journal.js';
import { databaseOf } from './folder.js';
import { hrana } from './hrana/open.js';
import { watchFences } from './watch-fences.js';

export interface Engine {
  readonly tempolite: Tempolite;
  readonly clock: TestClock;
  readonly url: string;
}

type Options = Omit<TempoliteOptions, 'clock'> & { readonly clock?: TestClock };

/** An engine over a file of the test's own, in virtual time; its journals are checked when the test ends. */
export const engineOf = async (t: ExecutionContext, options: Options): Promise<Engine> => {
  const url = options.url ?? (await databaseFor(t));
  const clock = options.clock ?? new TestClock();
  await watchFences(url);
  const { payloads } = options;
  const sealing = payloads ? { payloads } : {};
  const tempolite = await Tempolite.open({ closeTimeoutMs: 0, ...options, url, clock });
  t.teardown(async () => {
    await tempolite.close();
    const faults = await faultsOf(url, sealing).catch((error: unknown) => [String(error)]);
    if (faults.length > 0) throw new Error(faults.join('\n'));
  });
  return { tempolite, clock, url };
};

/** A file, or what `TEMPOLITE_STORIES` says: a server of the test's own, by `http` or `ws`. */
const databaseFor = async (t: ExecutionContext): Promise<string> => {
  const by = process.env['TEMPOLITE_STORIES'];
  return by === 'http' || by === 'ws' ? (await hrana(t))[by] : databaseOf(t);
};

/** A promise with its handles outside. */
export const deferred = <T = void>(): {
  readonly promise: Promise<T>;
  readonly resolve: (value: T) => void;
  readonly reject: (error: unknown) => void;
} => {
  let resolve: (value: T) => void = () => undefined;
  let reject: (error: unknown) => void = () => undefined;
  const promise = new Promise<T>((res, rej) => {
    resolve = res;
    reject = rej;
  });
  return { promise, resolve, reject };
};
