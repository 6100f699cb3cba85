import type { Journal } from '../journal.js';
import { Listeners } from '../listeners.js';
import type { Catalogue } from './catalogue.js';
import { Housekeeping } from './housekeeping.js';
import type { PoolLimits } from './limits.js';
import type { Opener } from './member.js';
import { Members } from './members.js';
import { PoolJournal } from './pool-journal.js';
import { PoolWorker } from './pool-worker.js';
import { Routes, type Placement } from './routes.js';

/** Puts a pool together over a catalogue and what opens its databases; it closes both. */
export const assemblePool = async (
  catalogue: Catalogue,
  opener: Opener,
  limits: PoolLimits,
  placementOf: (members: Members) => Placement & { begin(): Promise<void> },
): Promise<Journal> => {
  const listeners = new Listeners();
  const members = new Members(catalogue, opener, limits, (changes) => {
    listeners.tell(changes);
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
      subscribe: (listener) => listeners.add(listener),
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
