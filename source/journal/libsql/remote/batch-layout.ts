import type { Waiting } from './entry.js';
import { markOf } from './marks.js';
import { mergeGroups, type Group } from './merge-groups.js';
import { merged, mergeOf, type Merge } from './merges.js';
import { query, type Query, type Rows } from './query.js';

/** Which statement of a batch it is: its mark, the proof of a worker, one of several entries at once, or one of an entry. */
export type Place =
  | { readonly type: 'mark' }
  | { readonly type: 'merged' }
  | { readonly type: 'fence'; readonly workerId: string; readonly fence: number }
  | { readonly type: 'entry'; readonly waiting: Waiting; readonly place: number };

/** It fails when the worker is gone, and so ends the batch: a row that was not changed would not. */
const fence = `
  SELECT json(CASE WHEN EXISTS (SELECT 1 FROM tempolite_workers WHERE id = ? AND fence = ?) THEN '[]' ELSE 'fenced' END)`;

/** A statement of an entry, and its place in it. */
interface Member {
  readonly waiting: Waiting;
  readonly place: number;
  readonly query: Query;
}

interface Merged {
  readonly merge: Merge;
  readonly at: number;
  readonly members: readonly Member[];
}

/** The statements of a batch, in order: its mark, the proof of its worker, those of its entries, merged if that is wanted. */
export class BatchLayout {
  readonly queries: readonly Query[];
  readonly #queries: Query[] = [];
  readonly #places: Place[] = [];
  readonly #starts = new Map<Waiting, number>();
  readonly #merged: Merged[] = [];

  constructor(
    entries: readonly Waiting[],
    { writer, number, variant, merges }: { writer: string; number: number; variant: number; merges: boolean },
  ) {
    this.queries = this.#queries;
    const isRepeatable = entries.length > 0 && entries.every(({ entry }) => entry.repeatable);
    if (!isRepeatable) this.#add(markOf(writer, number, variant), { type: 'mark' });
    // The journal may have become another worker in between.
    const workers = new Map(entries.flatMap(({ worker }) => (worker ? [[worker.fence, worker] as const] : [])));
    for (const worker of workers.values()) {
      const place: Place = { type: 'fence', workerId: worker.id, fence: worker.fence };
      this.#add(query(fence, worker.id, BigInt(worker.fence)), place);
    }
    const groups: readonly Group[] = merges ? mergeGroups(entries) : entries.map((waiting) => [waiting]);
    for (const group of groups) {
      if (group.length > 1) this.#addMerged(group);
      else this.#addSingle(group[0], writer);
    }
  }

  at(place: number | undefined): Place | undefined {
    return place === undefined ? undefined : this.#places[place];
  }

  /** What the statements of each entry gave. */
  rowsOf(rows: readonly Rows[]): ReadonlyMap<Waiting, readonly Rows[]> {
    const found = new Map<Waiting, Rows[]>();
    for (const [waiting, start] of this.#starts) {
      found.set(waiting, rows.slice(start, start + waiting.entry.queries.length));
    }
    for (const { merge, at, members } of this.#merged) {
      const parts = merge.divide(
        rows[at] ?? [],
        members.map((member) => member.query),
      );
      members.forEach(({ waiting, place }, index) => {
        const own = found.get(waiting) ?? [];
        own[place] = parts[index] ?? [];
        found.set(waiting, own);
      });
    }
    return found;
  }

  #add(each: Query, place: Place): void {
    this.#queries.push(each);
    this.#places.push(place);
  }

  #addSingle(waiting: Waiting, writer: string): void {
    this.#starts.set(waiting, this.#queries.length);
    const own = waiting.entry.forWriter?.(writer) ?? waiting.entry.queries;
    own.forEach((each, place) => {
      this.#add(each, { type: 'entry', waiting, place });
    });
  }

  #addMerged(group: Group): void {
    const members = new Map<Merge, Member[]>();
    for (const waiting of group) {
      waiting.entry.queries.forEach((each, place) => {
        const merge = mergeOf(each);
        if (!merge) return;
        const others = members.get(merge) ?? [];
        members.set(merge, others);
        others.push({ waiting, place, query: each });
      });
    }
    for (const [merge, own] of [...members].sort(([one], [other]) => one.stage - other.stage)) {
      this.#merged.push({ merge, at: this.#queries.length, members: own });
      const all = own.map((member) => member.query);
      this.#add(merged(merge, all), { type: 'merged' });
    }
  }
}
