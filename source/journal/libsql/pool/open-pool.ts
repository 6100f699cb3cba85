import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { EngineError } from '../../../errors.js';
import type { Journal } from '../../journal.js';
import { assemblePool } from '../../pool/assemble-pool.js';
import { Rotation } from '../../pool/rotation.js';
import { Shards } from '../../pool/shards.js';
import { pathOf } from '../open-journal.js';
import { openCatalogue } from './open-catalogue.js';
import { openerOf } from './open-member.js';
import { settleLimits, type PoolOptions, type RotatingOptions, type ShardedOptions } from './pool-options.js';

export type { PoolOptions, RotatingOptions, ShardedOptions } from './pool-options.js';

/**
 * Opens many databases as one. Files that are rotated: `folder` and its catalogue are made if they are not there. Shards: each must be empty, or
 * of this catalogue. Errors: `JOURNAL_*`, `UNSUPPORTED_URL`, `INVALID_ARGUMENT`, `NOT_ON_A_POOL`.
 */
export const openPool = (options: PoolOptions): Promise<Journal> =>
  'shards' in options ? openShards(options) : openRotating(options);

const openRotating = async (options: RotatingOptions): Promise<Journal> => {
  const { limits, rotation } = settleLimits(options);
  const { folder, name } = options;
  makeFolder(folder);
  const catalogue = await openCatalogue(join(folder, `${name}.catalogue.db`), 'files', options, limits);
  const opener = openerOf((location) => `file:${join(folder, location)}`, options);
  return assemblePool(catalogue, opener, limits, (members) => new Rotation(catalogue, opener, members, name, rotation));
};

const openShards = async (options: ShardedOptions): Promise<Journal> => {
  const { limits } = settleLimits(options);
  const urls = new Map(options.shards.map((url) => [locationOf(url), url]));
  const catalogue = await openCatalogue(pathOf(options.catalogue), 'shards', options, limits);
  // One that is not given any more gets no new runs, but has its old ones.
  const opener = openerOf((location) => urls.get(location) ?? location, options);
  return assemblePool(catalogue, opener, limits, (members) => new Shards(catalogue, opener, members, [...urls.keys()]));
};

/** What stands in the catalogue: a url without what is secret in it. */
const locationOf = (url: string): string => url.split('?')[0] ?? url;

const makeFolder = (folder: string): void => {
  try {
    mkdirSync(folder, { recursive: true, mode: 0o700 });
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    throw new EngineError('INVALID_ARGUMENT', `folder is where the files of the pool can be made: ${reason}`, {
      cause: error,
    });
  }
};
