import test from 'ava';
import type { Catalogue, PoolFile } from '../../../source/journal/pool/catalogue.js';
import { Members } from '../../../source/journal/pool/members.js';
import type { Opener } from '../../../source/journal/pool/member.js';
import { Shards } from '../../../source/journal/pool/shards.js';

/** The placement alone: a catalogue that only has these files. */
const placementOf = async (locations: readonly string[]): Promise<Shards> => {
  const files = locations.map((location, index): PoolFile => ({
    number: index + 1,
    location,
    state: 'open',
    heldAt: 0,
    last: undefined,
  }));
  const catalogue = {
    files: () => Promise.resolve(files),
    version: () => Promise.resolve(1),
  } as Partial<Catalogue> as Catalogue;
  const member = { journal: { subscribe: () => () => undefined } };
  const opener = { create: () => Promise.resolve(), open: () => Promise.resolve(member) } as unknown as Opener;
  const members = new Members(catalogue, opener, { restMs: 1, idleMs: 1, mostIdle: 1 }, () => undefined);
  const shards = new Shards(catalogue, opener, members, locations);
  await shards.begin();
  return shards;
};

const names = ['a', 'b', 'c', 'd', 'e'].map((name) => `file:${name}.db`);
const ids = Array.from({ length: 10_000 }, (_, n) => `order-${n}`);

const placesIn = async (locations: readonly string[]): Promise<readonly number[]> => {
  const shards = await placementOf(locations);
  return Promise.all(ids.map((id) => shards.choose(id)));
};

test('each shard gets its share of the ids', async (t) => {
  const places = await placesIn(names);

  for (const shard of [1, 2, 3, 4, 5]) {
    const share = places.filter((place) => place === shard).length;
    t.true(share > 1800 && share < 2200, `${share} of 10,000`);
  }
});

test('a shard more takes over its share from all others, and nothing moves between those', async (t) => {
  const before = await placesIn(names.slice(0, 4));
  const after = await placesIn(names);

  const moved = after.flatMap((place, index) => (place === before[index] ? [] : [{ from: before[index], to: place }]));
  t.true(moved.every(({ to }) => to === 5));
  t.true(moved.length > 1800 && moved.length < 2200, `${moved.length} of 10,000`);
  for (const from of [1, 2, 3, 4]) t.true(moved.filter((move) => move.from === from).length > 400);
});

test('the same id gets the same shard, in whatever order they are given', async (t) => {
  const [one, other] = [await placesIn(names), await placesIn([...names].reverse())];

  t.deepEqual(
    one.map((place) => names[place - 1]),
    other.map((place) => [...names].reverse()[place - 1]),
  );
});
