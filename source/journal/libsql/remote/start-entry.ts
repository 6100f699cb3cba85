import { EngineError, TempoliteError } from '../../../errors.js';
import type { Started, Worker } from '../../journal.js';
import type { NewRun, RunRecord } from '../../run-record.js';
import type { Statement } from '../../statement.js';
import { foreignKeyFailed } from '../user-transactions.js';
import { failed, toBinding } from '../user-statements.js';
import { Draft } from './draft.js';
import type { Answer, Entry } from './entry.js';
import { fateOf, isOfOneCaller, refusalText, remoteError } from './fate.js';
import { query, unpacked, type Rows } from './query.js';
import type { RemoteReader } from './remote-reader.js';
import * as sql from './remote-statements.js';
import { draftRun, type RunPlaces } from './run-drafts.js';

/** A run is inserted, or found. */
export const startEntry = (run: NewRun, worker: Worker | undefined, reader: RemoteReader): Entry<Started> => {
  const draft = new Draft(reader);
  const places = draftRun(draft, run, worker);
  return {
    queries: draft.queries,
    runs: runsOf(run),
    answer: (all) => startedOf(draft, places, all),
    instead: (error) => Promise.reject(remoteError(error)),
    again: async ({ position }) => {
      const [[at] = []] = await reader.rows(query(sql.startedAt, run.id));
      return { created: Number(at) > position, run: await existing(run.id, reader) };
    },
  };
};

/**
 * Statements of the user's own are run when the run is new. That it is there already has to be an error then, which ends the batch
 * before them.
 */
export const startWithEntry = (
  run: NewRun,
  statements: readonly Statement[],
  worker: Worker | undefined,
  reader: RemoteReader,
): Entry<Started> => {
  const draft = new Draft(reader);
  const proof = draft.add(query(sql.proveNew, run.id));
  const inserted = draftRun(draft, run, worker);
  const places = statements.map((statement) =>
    draft.add({ sql: statement.sql, args: (statement.args ?? []).map(toBinding) }),
  );
  return {
    queries: draft.queries,
    runs: runsOf(run),
    alone: true,
    answer: (all) => startedOf(draft, inserted, all),
    instead: async (error, place) => {
      if (place === proof) return { created: false, run: await existing(run.id, reader) };
      throw refusalOf(error, place === undefined ? undefined : places.indexOf(place), statements);
    },
    again: async () => ({ created: true, run: await existing(run.id, reader) }),
  };
};

/** A run, and its parent. */
const runsOf = ({ id, parent }: NewRun): readonly string[] => (parent ? [id, parent.runId] : [id]);

/** The row is there in any case, its first event if it is new. */
const startedOf = (draft: Draft, { run, event }: RunPlaces, all: readonly Rows[]): Answer<Started> => ({
  value: { created: all[event]?.length === 1, run: draft.decode.run(unpacked(all[run]?.[0] ?? [])) },
  changes: draft.changesOf(all),
});

/** Of a user's statement, or of the COMMIT: a foreign key was deferred to it. */
const refusalOf = (error: unknown, index: number | undefined, statements: readonly Statement[]): TempoliteError => {
  const fate = fateOf(error);
  if (fate.type !== 'refused' || !isOfOneCaller(fate)) return remoteError(error);
  if (index === undefined) return foreignKeyFailed(error);
  const statement = statements[index];
  return statement ? failed(whichOf(statements, index), refusalText(error), error) : remoteError(error);
};

export const whichOf = (statements: readonly Statement[], index: number): string =>
  `statement ${index + 1} of ${statements.length}, ${JSON.stringify(statements[index]?.sql.slice(0, shownCharacters))},`;

const shownCharacters = 100;

export const existing = async (id: string, reader: RemoteReader): Promise<RunRecord> => {
  const run = await reader.run(id);
  if (!run) throw notFound(id);
  return run;
};

export const notFound = (id: string): EngineError =>
  new EngineError('RUN_NOT_FOUND', `there is no run "${id}" in this database: start it first, or check the id`);
