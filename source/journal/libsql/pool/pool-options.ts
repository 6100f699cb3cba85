import { EngineError } from '../../../errors.js';
import type { PoolLimits } from '../../pool/limits.js';
import type { RotationLimits } from '../../pool/rotation.js';
import { pathOf, type JournalOptions } from '../open-journal.js';
import { isRemote } from '../remote/remote-options.js';

/** Files that are rotated. */
export interface RotatingOptions extends Omit<JournalOptions, 'url'> {
  /** Where the files are. It is made if it is not there, for its owner alone. */
  readonly folder: string;
  /** What their names begin with: letters, digits, `_`, `-`. */
  readonly name: string;
  /** New runs go to a fresh file when the newest one takes as many bytes as this, its WAL included. Default: 256 MiB. */
  readonly maxFileSize?: number;
  /** Or when it has as many pages as this. Default: no limit. */
  readonly maxPages?: number;
  /** A file whose runs have all ended is finished when nobody has written to it for this long. Default: 60,000. */
  readonly restMs?: number;
  /** A finished file that was opened again is closed when nobody has read it for this long. Default: 10,000. */
  readonly idleMs?: number;
}

/** Several databases that new runs are spread over; those of servers with the same options, `authToken` too. */
export interface ShardedOptions extends Omit<JournalOptions, 'url'> {
  /** Where new runs go. One may be added at any time: no run moves. */
  readonly shards: readonly string[];
  /** The file that knows which run is where: `file:orders.catalogue.db`. All processes of the pool share it. */
  readonly catalogue: string;
}

export type PoolOptions = RotatingOptions | ShardedOptions;

/** Finished files that stay open for those who read them again. */
const mostIdle = 8;

/** Shards are never finished: longer than any of them is away. */
const never = 1e15;

const defaults = { maxFileSize: 256 * 2 ** 20, maxPages: Infinity, restMs: 60_000, idleMs: 10_000 } as const;

/** The limits, with the defaults of what is not given. Errors: `INVALID_ARGUMENT`. */
export const settleLimits = (
  options: PoolOptions,
): { readonly limits: PoolLimits; readonly rotation: RotationLimits } => {
  if ('shards' in options) {
    if (options.shards.length === 0) throw fault('shards are one url or more, not none');
    if (new Set(options.shards).size < options.shards.length) throw fault('each of the shards is another database');
    for (const url of options.shards) if (!isRemote(url)) checkFile('a shard', url);
    checkFile('the catalogue', options.catalogue);
    return { limits: { restMs: never, idleMs: never, mostIdle }, rotation: defaults };
  }
  const { folder, name } = options;
  if (typeof folder !== 'string' || folder === '') throw fault('folder is the path of a folder');
  if (!/^\w[\w-]{0,99}$/.test(name)) {
    throw fault(`name is 1 to 100 letters, digits, _ and -, not ${JSON.stringify(name)}`);
  }
  const limit = (of: keyof typeof defaults, least: number): number => {
    const value = options[of] ?? defaults[of];
    if (typeof value === 'number' && value >= least) return value;
    throw fault(`${of} is a number from ${least} on, not ${String(value)}`);
  };
  return {
    limits: { restMs: limit('restMs', 1), idleMs: limit('idleMs', 0), mostIdle },
    rotation: { maxFileSize: limit('maxFileSize', 1), maxPages: limit('maxPages', 1) },
  };
};

/** What is in memory is nobody else's. */
const checkFile = (what: string, url: string): void => {
  if (pathOf(url) === ':memory:') throw fault(`${what} is a file, or a server's, not ':memory:'`);
};

const fault = (what: string): EngineError => new EngineError('INVALID_ARGUMENT', `${what}. No file was touched`);
