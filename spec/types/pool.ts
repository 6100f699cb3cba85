import { expectTypeOf } from 'expect-type';
import { Tempolite, type TempolitePoolOptions } from '../../source/index.js';

const rotating = { folder: 'data', name: 'orders', maxFileSize: 1 } satisfies TempolitePoolOptions;
const sharded = {
  shards: ['file:a.db', 'file:b.db'],
  catalogue: 'file:orders.catalogue.db',
  worker: false,
} satisfies TempolitePoolOptions;

export const opened = [Tempolite.openPool(rotating), Tempolite.openPool(sharded)] as const;
expectTypeOf(opened).toEqualTypeOf<readonly [Promise<Tempolite>, Promise<Tempolite>]>();

// @ts-expect-error a pool of files has a name
export const nameless: TempolitePoolOptions = { folder: 'data' };
// @ts-expect-error shards have a catalogue
export const lost: TempolitePoolOptions = { shards: ['file:a.db'] };
// @ts-expect-error a pool has no single url
export const single: TempolitePoolOptions = { folder: 'data', name: 'orders', url: 'file:a.db' };

declare const tempolite: Tempolite;
tempolite.events$({ after: 1 });
tempolite.events$({ after: [1, 2] });
