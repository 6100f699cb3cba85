import type { Claim } from '../journal.js';
import type { RunRecord } from '../run-record.js';
import type { Binding, Connection } from './connection.js';
import type { Ownership } from './ownership.js';
import type { RowReader } from './row-reader.js';
import * as sql from './statements.js';

/** How nobody's runs become a worker's, each method within a caller's transaction. The fence is read with the rows it claims. */
export class Claims {
  readonly #connection: Connection;
  readonly #ownership: Ownership;
  readonly #rows: RowReader;

  constructor(connection: Connection, ownership: Ownership, rows: RowReader) {
    this.#connection = connection;
    this.#ownership = ownership;
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
    return found.map(this.#rows.run).sort(urgentFirst);
  }

  takeRun(runId: string): RunRecord | undefined {
    const [worker, fence] = this.#ownership.proof();
    return this.#connection.all(sql.claimRun, [worker, runId, worker, worker, fence]).map(this.#rows.run)[0];
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
