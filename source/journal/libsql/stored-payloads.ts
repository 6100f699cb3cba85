import type { PayloadSeal } from '../payloads/payload-seal.js';
import type { Connection } from './connection.js';
import * as sql from './statements.js';

/** Payloads on their way into the database, within a caller's transaction. Nothing of them reaches it in any other way. */
export class StoredPayloads {
  readonly #connection: Connection;
  readonly #seal: PayloadSeal;

  constructor(connection: Connection, seal: PayloadSeal) {
    this.#connection = connection;
    this.#seal = seal;
  }

  /** Answers with what stands in the row; what is too big for it is written beside it. */
  write(payload: string): string {
    const { text, big } = this.#seal.store(payload);
    if (big) this.#connection.run(sql.insertBig, [big.digest, big.text]);
    return text;
  }

  /** Of what is replaced again and again: it stays in its row, for what nobody refers to any more is not looked for before `prune`. */
  inRow(payload: string): string {
    return this.#seal.seal(payload);
  }

  digest(digest: string): string {
    return this.#seal.sealDigest(digest);
  }
}
