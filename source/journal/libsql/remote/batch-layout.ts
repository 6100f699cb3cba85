import type { Waiting } from './entry.js';
import { markOf } from './marks.js';
import { query, type Query, type Rows } from './query.js';

/** Which statement of a batch it is: its mark, the proof of a worker, or one of an entry. */
export type Place =
  | { readonly type: 'mark' }
  | { readonly type: 'fence'; readonly workerId: string; readonly fence: number }
  | { readonly type: 'entry'; readonly waiting: Waiting; readonly place: number };

/** It fails when the worker is gone, and so ends the batch: a row that was not changed would not. */
const fence = `
  SELECT json(CASE WHEN EXISTS (SELECT 1 FROM tempolite_workers WHERE id = ? AND fence = ?) THEN '[]' ELSE 'fenced' END)`;

/** The statements of a batch, in order: its mark, the proof of its worker, those of its entries. */
export class BatchLayout {
  readonly queries: readonly Query[];
  readonly #places: readonly Place[];
  readonly #starts = new Map<Waiting, number>();

  constructor(entries: readonly Waiting[], writer: string, number: number, variant: number) {
    const queries: Query[] = [];
    const places: Place[] = [];
    const add = (each: Query, place: Place): void => {
      queries.push(each);
      places.push(place);
    };
    const isRepeatable = entries.length > 0 && entries.every(({ entry }) => entry.repeatable);
    if (!isRepeatable) add(markOf(writer, number, variant), { type: 'mark' });
    // The journal may have become another worker in between.
    const workers = new Map(entries.flatMap(({ worker }) => (worker ? [[worker.fence, worker] as const] : [])));
    for (const worker of workers.values()) {
      add(query(fence, worker.id, BigInt(worker.fence)), { type: 'fence', workerId: worker.id, fence: worker.fence });
    }
    for (const waiting of entries) {
      this.#starts.set(waiting, queries.length);
      const own = waiting.entry.forWriter?.(writer) ?? waiting.entry.queries;
      own.forEach((each, place) => {
        add(each, { type: 'entry', waiting, place });
      });
    }
    this.queries = queries;
    this.#places = places;
  }

  at(place: number | undefined): Place | undefined {
    return place === undefined ? undefined : this.#places[place];
  }

  /** What the statements of each entry gave. */
  rowsOf(waiting: Waiting, rows: readonly Rows[]): readonly Rows[] {
    const start = this.#starts.get(waiting) ?? 0;
    return rows.slice(start, start + waiting.entry.queries.length);
  }
}
