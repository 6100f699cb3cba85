import { EngineError } from '../../../errors.js';
import type { NewRequest, NewSignal, SignalRecord } from '../../journal.js';
import type { RunRecord } from '../../run-record.js';
import type { RunStatus } from '../../status.js';
import * as shared from '../statements.js';
import { Draft } from './draft.js';
import type { Entry } from './entry.js';
import { remoteError } from './fate.js';
import { query, type Row } from './query.js';
import type { RemoteReader } from './remote-reader.js';
import * as sql from './remote-statements.js';
import { draftRequest } from './run-drafts.js';
import { existing, notFound } from './start-entry.js';

interface Signalled {
  readonly accepted: boolean;
  readonly signal: SignalRecord;
}

export const signalEntry = (signal: NewSignal, reader: RemoteReader): Entry<Signalled> => {
  const { runId, name, payload, idempotencyKey } = signal;
  const at = BigInt(Math.floor(signal.at));
  const draft = new Draft(reader);
  // Sealed once more, it would be another text.
  const written = draft.write(payload);
  const inserted = draft.add(query(shared.insertSignal, name, written, at, idempotencyKey ?? null, runId), (found) =>
    found.map((row) => ({ type: 'signal', runId, signal: reader.decode.signal(row) })),
  );
  const read = draft.add(query(shared.runById, runId));
  const byKey = idempotencyKey === undefined ? undefined : query(shared.signalByKey, runId, name, idempotencyKey);
  const readByKey = byKey && draft.add(byKey);
  const found = (stored: Row | undefined, run: Row | undefined, before: Row | undefined): Signalled => {
    if (stored) return { accepted: true, signal: reader.decode.signal(stored) };
    if (before) return { accepted: false, signal: reader.decode.signal(before) };
    throw notTaken(signal, run && reader.decode.run(run));
  };
  return {
    queries: draft.queries,
    runs: [runId],
    answer: (all) => {
      const before = readByKey === undefined ? undefined : all[readByKey]?.[0];
      return { value: found(all[inserted]?.[0], all[read]?.[0], before), changes: draft.changesOf(all) };
    },
    instead: (error) => Promise.reject(remoteError(error)),
    again: async ({ letter }) => {
      const [before] = byKey ? await reader.rows(byKey) : [];
      // Behind the beginning of the batch, the one with the key is ours, or our caller's.
      if (before) return found(Number(before[0]) > letter ? before : undefined, undefined, before);
      const [stored] = await reader.rows(query(sql.signalAfter, BigInt(letter), runId, name, written, at));
      const [run] = await reader.rows(query(shared.runById, runId));
      return found(stored, run, undefined);
    },
  };
};

const notTaken = ({ runId, name }: NewSignal, run: RunRecord | undefined): EngineError =>
  run
    ? new EngineError(
        'RUN_ENDED',
        `run "${runId}" is ${run.status} and takes no more signals: "${name}" was not stored`,
      )
    : new EngineError('RUN_NOT_FOUND', `there is no run "${runId}" to signal: start it first, or check the id`);

interface Requested {
  readonly id: number | undefined;
  readonly run: RunRecord;
}

export const requestEntry = (
  request: NewRequest,
  statuses: readonly RunStatus[],
  behind: readonly RunStatus[] | undefined,
  reader: RemoteReader,
): Entry<Requested> => {
  const { runId, name } = request;
  const draft = new Draft(reader);
  const { place, written } = draftRequest(draft, request, statuses, behind);
  const read = draft.add(query(shared.runById, runId));
  return {
    queries: draft.queries,
    runs: [runId],
    answer: (all) => {
      const run = all[read]?.[0];
      if (!run) throw notFound(runId);
      const letter = all[place]?.[0];
      return {
        value: { id: letter && Number(letter[0]), run: reader.decode.run(run) },
        changes: draft.changesOf(all),
      };
    },
    instead: (error) => Promise.reject(remoteError(error)),
    again: async (before) => {
      const at = BigInt(Math.floor(request.at));
      const mine = query(sql.requestAfter, BigInt(before.letter), runId, name, written, at);
      const [letter] = await reader.rows(mine);
      return { id: letter && Number(letter[0]), run: await existing(runId, reader) };
    },
  };
};
