import type { Claim } from '../journal.js';
import type { RunRecord } from '../run-record.js';
import type { Binding, Connection } from './connection.js';
import type { OwnRows } from './own-rows.js';
import type { Ownership } from './ownership.js';
import type { RowReader } from './row-reader.js';
import * as sql from './statements.js';

interface Asked {
  readonly runId: string;
  record: RunRecord | undefined;
}

/** How nobody's runs become a worker's, each method within a caller's transaction. The fence is read with the rows it claims. */
export class Claims {
  readonly #connection: Connection;
  readonly #ownership: Ownership;
  readonly #own: OwnRows;
  readonly #rows: RowReader;
  #asked: Asked[] = [];
  #askedOpen: Asked[] = [];

  constructor(connection: Connection, ownership: Ownership, own: OwnRows, rows: RowReader) {
    this.#connection = connection;
    this.#ownership = ownership;
    this.#own = own;
    this.#rows = rows;
  }

  /** Whether there is anything to take. It only reads. */
  any(claim: Claim): boolean {
    const found = this.#connection.all(sql.anyUnclaimed, wanted(claim, this.#ownership.workerId ?? null));
    return found[0]?.[0] === 1;
  }

  take(claim: Claim): readonly RunRecord[] {
    const [worker, fence] = this.#ownership.proof();
    const found = this.#connection.all(sql.claim, [worker, ...wanted(claim, worker), worker, fence]);
    // RETURNING gives rows in the order in which they were updated.
    return found.map((row) => this.#taken(row)).sort(urgentFirst);
  }

  /** A run that is claimed with all others of the transaction, at its end. The answer has its record then, if it was to be had. */
  ask(runId: string, onlyOpen: boolean): Asked {
    const asked: Asked = { runId, record: undefined };
    (onlyOpen ? this.#askedOpen : this.#asked).push(asked);
    return asked;
  }

  /** Claims what was asked for. */
  write(): void {
    const [asked, askedOpen] = [this.#asked, this.#askedOpen];
    this.clear();
    this.#takeAll(sql.claimRuns, asked);
    this.#takeAll(sql.claimOpenRuns, askedOpen);
  }

  clear(): void {
    this.#asked = [];
    this.#askedOpen = [];
  }

  #takeAll(claim: string, asked: readonly Asked[]): void {
    if (asked.length === 0) return;
    const [worker, fence] = this.#ownership.proof();
    const ids = JSON.stringify(asked.map(({ runId }) => runId));
    const found = this.#connection.all(claim, [worker, ids, worker, worker, fence]).map((row) => this.#taken(row));
    const records = new Map(found.map((record) => [record.id, record]));
    for (const each of asked) each.record = records.get(each.runId);
  }

  #taken(row: readonly unknown[]): RunRecord {
    const record = this.#rows.run(row);
    // One of these is about to be written. Of others that is not certain: they would stay in memory.
    if (record.status === 'running' || record.status === 'pending') this.#own.claimed(record, row[0], row.at(-1));
    // What was remembered may be of a run that was pruned, and whose id is another's now.
    else this.#own.delete(record.id);
    return record;
  }
}

export const wanted = (
  { now, workflows, limit, blocked = false }: Claim,
  worker: string | null,
): readonly Binding[] => {
  const instant = BigInt(Math.floor(now));
  const known = JSON.stringify(workflows.map(({ name, version }) => [name, version]));
  const most = BigInt(Math.min(limit, Number.MAX_SAFE_INTEGER));
  return [instant, instant, worker, instant, worker, instant, blocked ? 1n : 0n, known, most];
};

const urgentFirst = (one: RunRecord, other: RunRecord): number =>
  other.priority - one.priority || (one.wakeAt ?? -Infinity) - (other.wakeAt ?? -Infinity) || 0;
