import { EngineError } from '../../../errors.js';
import type { ArchivedRun } from '../../archive.js';
import type { Care, Pruning } from '../../care.js';
import type { PayloadSeal } from '../../payloads/payload-seal.js';
import { RowReader } from '../row-reader.js';
import { archivedRuns, readingOf, writingOf } from './archives.js';
import type { CareSql, CareStatement, Rows } from './care-sql.js';
import * as sql from './care-statements.js';

/** Taking care of a database, by SQL that every driver can run. */
export class SqlCare implements Care {
  readonly #sql: CareSql;
  readonly #seal: PayloadSeal;
  readonly #rows: RowReader;

  constructor(driver: CareSql, seal: PayloadSeal) {
    this.#sql = driver;
    this.#seal = seal;
    this.#rows = new RowReader((text) => seal.open(text));
  }

  async pruneRuns(
    { statuses, endedBefore, keep }: Pruning,
    { after, limit }: { readonly after: number; readonly limit: number },
  ): Promise<{ readonly runs: number; readonly after: number | undefined }> {
    const among = JSON.stringify(statuses);
    const page = [BigInt(after), among, BigInt(Math.floor(endedBefore)), BigInt(limit)];
    // It looks for them without the lock; what has changed since is seen to under it.
    const [found = []] = await this.#sql.read([
      keep > 0
        ? { sql: sql.prunableBut, bindings: [among, BigInt(keep - 1), ...page] }
        : { sql: sql.prunable, bindings: page },
    ]);
    const heads = found.flat().map(Number);
    if (heads.length === 0) return { runs: 0, after: undefined };
    const [, gone = []] = await this.#erase([
      { sql: sql.noteFamilies, bindings: [JSON.stringify(heads)] },
      { sql: sql.deleteNoted, bindings: [] },
    ]);
    return { runs: gone.length, after: heads.length < limit ? undefined : heads.at(-1) };
  }

  async pruneRows(limit: number): Promise<number> {
    const bindings = [BigInt(limit)];
    const [events = [], letters = [], exposed = []] = await this.#erase([
      { sql: sql.deleteEvents, bindings },
      { sql: sql.deleteInbox, bindings },
      { sql: sql.deleteExposed, bindings },
      { sql: sql.forgetNoted, bindings: [] },
    ]);
    return events.length + letters.length + exposed.length;
  }

  async pruneBig({ after, limit }: { readonly after: string; readonly limit: number }): Promise<{
    readonly payloads: number;
    readonly after: string | undefined;
  }> {
    const [found = []] = await this.#sql.read([{ sql: sql.bigDigests, bindings: [after, BigInt(limit)] }]);
    const digests = found.flat().map(String);
    if (digests.length === 0) return { payloads: 0, after: undefined };
    const [gone = []] = await this.#erase([{ sql: sql.deleteBig, bindings: [JSON.stringify(digests)] }]);
    return { payloads: gone.length, after: digests.length < limit ? undefined : digests.at(-1) };
  }

  async archive(runId: string, withChildren: boolean): Promise<readonly ArchivedRun[]> {
    return archivedRuns(await this.#sql.read(readingOf(runId, withChildren)), this.#rows);
  }

  async restore(runs: readonly ArchivedRun[]): Promise<void> {
    await this.#refuseTaken(runs);
    try {
      await this.#sql.write(writingOf(runs, this.#seal));
    } catch (error) {
      // Somebody may have been faster.
      await this.#refuseTaken(runs);
      throw error;
    }
  }

  /** What was deleted is gone when it is deleted again: an answer that was lost is made up for, but for the number. */
  async #erase(statements: readonly CareStatement[]): Promise<readonly Rows[]> {
    for (;;) {
      const gone = await this.#sql.write(statements);
      if (gone) return gone;
    }
  }

  async #refuseTaken(runs: readonly ArchivedRun[]): Promise<void> {
    const ids = JSON.stringify(runs.map(({ run }) => run.id));
    const [taken = []] = await this.#sql.read([{ sql: sql.takenIds, bindings: [ids] }]);
    const [first] = taken.flat();
    if (first === undefined) return;
    throw new EngineError('RUN_EXISTS', `there is a run ${JSON.stringify(first)} already. Nothing was written`);
  }
}
