import { join } from 'node:path';
import type { Journal } from '../../source/journal/journal.js';
import { openCatalogue } from '../../source/journal/libsql/pool/open-catalogue.js';
import { openerOf } from '../../source/journal/libsql/pool/open-member.js';
import { assemblePool } from '../../source/journal/pool/assemble-pool.js';
import type { PoolFile } from '../../source/journal/pool/catalogue.js';
import { Rotation } from '../../source/journal/pool/rotation.js';

/** What a process does to the files of a pool, one step after the other. */
export type Step = (what: string, moment: 'before' | 'after') => void | Promise<void>;

const steps: Readonly<Record<string, readonly string[]>> = {
  catalogue: ['enter', 'place', 'hold', 'finish', 'acquire'],
  opener: ['create', 'open'],
  journal: ['start', 'commit', 'acquire', 'signal', 'fork'],
};

/** The same object, with word of each of its steps. */
const told = <T extends object>(kind: string, object: T, step: Step): T =>
  new Proxy(object, {
    get: (target, name) => {
      const value: unknown = Reflect.get(target, name, target);
      if (typeof value !== 'function') return value;
      const isStep = typeof name === 'string' && steps[kind]?.includes(name);
      return (...args: unknown[]): unknown => {
        if (!isStep) return Reflect.apply(value, target, args);
        const go = async (): Promise<unknown> => {
          await step(`${kind}.${name}`, 'before');
          const result: unknown = await Reflect.apply(value, target, args);
          await step(`${kind}.${name}`, 'after');
          return result;
        };
        return go();
      };
    },
  });

/** A pool in which each run has a file of its own, and that tells of each step before and after. */
export const steppedPool = async (folder: string, step: Step, restMs = 60_000): Promise<Journal> => {
  const limits = { restMs, idleMs: 20, mostIdle: 2 };
  const catalogue = told(
    'catalogue',
    await openCatalogue(join(folder, 'runs.catalogue.db'), 'files', {}, limits),
    step,
  );
  const files = openerOf((location) => `file:${join(folder, location)}`, {});
  const opener = told(
    'opener',
    {
      create: (file: { number?: number; location: string }) => files.create(file),
      open: async (file: PoolFile) => {
        const member = await files.open(file);
        const journal = told('journal', member.journal, step);
        return {
          journal,
          size: () => member.size(),
          rest: () => member.rest(),
          waiting: member.waiting.bind(member),
          close: () => member.close(),
        };
      },
    },
    step,
  );
  const rotation = { maxFileSize: 1, maxPages: Infinity };
  return assemblePool(
    catalogue,
    opener,
    limits,
    (members) => new Rotation(catalogue, opener, members, 'runs', rotation),
  );
};
