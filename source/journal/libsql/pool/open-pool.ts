import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { EngineError } from '../../../errors.js';
import type { Change, Journal } from '../../journal.js';
import type { Catalogue } from '../../pool/catalogue.js';
import { Housekeeping } from '../../pool/housekeeping.js';
import type { PoolLimits } from '../../pool/limits.js';
import type { Opener } from '../../pool/member.js';
import { Members } from '../../pool/members.js';
import { PoolJournal } from '../../pool/pool-journal.js';
import { PoolWorker } from '../../pool/pool-worker.js';
import { Rotation } from '../../pool/rotation.js';
import { Routes, type Placement } from '../../pool/routes.js';
import { Shards } from '../../pool/shards.js';
import { pathOf, type JournalOptions } from '../open-journal.js';
import { openCatalogue } from './open-catalogue.js';
import { createMember, openExisting } from './open-member.js';
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
  const opener = openerOf((location) => join(folder, location), options);
  return assemble(catalogue, opener, limits, (members) => new Rotation(catalogue, opener, members, name, rotation));
};

const openShards = async (options: ShardedOptions): Promise<Journal> => {
  const { limits } = settleLimits(options);
  const paths = new Map(options.shards.map((url) => [locationOf(url), pathOf(url)]));
  const catalogue = await openCatalogue(pathOf(options.catalogue), 'shards', options, limits);
  // One that is not given any more gets no new runs, but has its old ones.
  const opener = openerOf((location) => paths.get(location) ?? pathOf(location), options);
  return assemble(catalogue, opener, limits, (members) => new Shards(catalogue, opener, members, [...paths.keys()]));
};

const assemble = async (
  catalogue: Catalogue,
  opener: Opener,
  limits: PoolLimits,
  placementOf: (members: Members) => Placement & { begin(): Promise<void> },
): Promise<Journal> => {
  const listeners = new Set<(changes: readonly Change[]) => void>();
  const members = new Members(catalogue, opener, limits, (changes) => {
    for (const listener of [...listeners]) listener(changes);
  });
  const close = async (): Promise<void> => {
    listeners.clear();
    await members.close();
    await catalogue.close();
  };
  try {
    const placement = placementOf(members);
    await placement.begin();
    catalogue.watch(() => {
      // What cannot be read now is read with the next notice, or by who comes upon it.
      members.refresh().catch(() => undefined);
    });
    const housekeeping = new Housekeeping(catalogue, members, limits);
    return new PoolJournal({
      members,
      routes: new Routes(catalogue, members, placement),
      worker: new PoolWorker(catalogue, members),
      subscribe: (listener) => {
        listeners.add(listener);
        return () => {
          listeners.delete(listener);
        };
      },
      close: async () => {
        await housekeeping.stop();
        await close();
      },
    });
  } catch (error) {
    await close();
    throw error;
  }
};

const openerOf = (pathAt: (location: string) => string, options: JournalOptions): Opener => ({
  create: ({ number, location }) => createMember(pathAt(location), number, options),
  open: ({ location }) => openExisting(pathAt(location), options),
});

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
