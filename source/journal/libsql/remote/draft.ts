import type { Change } from '../../journal.js';
import type { PayloadSeal } from '../../payloads/payload-seal.js';
import type { RowReader } from '../row-reader.js';
import * as shared from '../statements.js';
import { query, type Query, type Rows } from './query.js';

/** How payloads come to stand in rows, and out of them. */
export interface Sealed {
  readonly seal: PayloadSeal;
  readonly decode: RowReader;
}

/** Statements that are put together, each with what its rows tell of. */
export class Draft {
  readonly queries: Query[] = [];
  readonly decode: RowReader;
  readonly #seal: PayloadSeal;
  readonly #notes: ((rows: Rows) => readonly Change[])[] = [];

  constructor({ seal, decode }: Sealed) {
    this.#seal = seal;
    this.decode = decode;
  }

  /** Answers with its place. */
  add(query: Query, note: (rows: Rows) => readonly Change[] = () => []): number {
    this.#notes.push(note);
    return this.queries.push(query) - 1;
  }

  /** Answers with what stands in the row; what is too big for it is written beside it, before. */
  write(payload: string): string {
    const { text, big } = this.#seal.store(payload);
    if (big) this.add(query(shared.insertBig, big.digest, big.text));
    return text;
  }

  /** Of what is replaced again and again: it stays in its row. */
  inRow(payload: string): string {
    return this.#seal.seal(payload);
  }

  digest(digest: string): string {
    return this.#seal.sealDigest(digest);
  }

  changesOf(rows: readonly Rows[]): readonly Change[] {
    return this.#notes.flatMap((note, place) => note(rows[place] ?? []));
  }
}
