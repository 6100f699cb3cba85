import type { Change } from '../../journal.js';
import type { Query, Rows } from './query.js';

/** Statements that are put together, each with what its rows tell of. */
export class Draft {
  readonly queries: Query[] = [];
  readonly #notes: ((rows: Rows) => readonly Change[])[] = [];

  /** Answers with its place. */
  add(query: Query, note: (rows: Rows) => readonly Change[] = () => []): number {
    this.#notes.push(note);
    return this.queries.push(query) - 1;
  }

  changesOf(rows: readonly Rows[]): readonly Change[] {
    return this.#notes.flatMap((note, place) => note(rows[place] ?? []));
  }
}
