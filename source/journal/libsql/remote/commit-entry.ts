import { TempoliteError } from '../../../errors.js';
import { askedIn } from '../../child-letter.js';
import type { RunEvent } from '../../event.js';
import type { RunCommit, Worker } from '../../journal.js';
import { fencedOut } from '../ownership.js';
import { Draft, type Sealed } from './draft.js';
import type { Entry } from './entry.js';
import { remoteError } from './fate.js';
import type { OwnRuns } from './own-runs.js';
import { query } from './query.js';
import type { RemoteReader } from './remote-reader.js';
import * as sql from './remote-statements.js';
import {
  draftChildLetters,
  draftClosing,
  draftEvents,
  draftRequest,
  draftRun,
  draftStatus,
  startedOnly,
} from './run-drafts.js';
import { notFound } from './start-entry.js';

/** Who writes, and what is known of the runs that are its own. */
export interface Owner {
  readonly worker: Worker;
  readonly own: OwnRuns;
}

export interface CommitDraft {
  readonly draft: Draft;
  /** The statement that fails when the run is another worker's. */
  readonly proof: number;
  /** The statement that fails when the link has ended. */
  readonly linkProof: number | undefined;
}

/** The events and everything else of a commit. */
export const draftCommit = (
  commit: RunCommit,
  events: readonly RunEvent[],
  { worker, own }: Owner,
  sealed: Sealed,
): CommitDraft => {
  const { runId, link, consumed = [], status, children = [], requests = [], exposed = [], next } = commit;
  const draft = new Draft(sealed);
  const linkProof = next && draft.add(query(sql.proveLink, runId, BigInt(link)));
  const proof =
    events.length > 0
      ? draftEvents(draft, runId, worker, link, events)
      : draft.add(query(sql.proveOwner, runId, worker.id));
  if (!own.has(runId)) {
    draft.add(query(sql.claimRun, worker.id, runId, worker.id), (found) => {
      for (const row of found) own.met(draft.decode.run(row), worker.id);
      return [];
    });
  }
  if (consumed.length > 0) {
    draft.add(query(sql.consume, runId, JSON.stringify(consumed)), () => [{ type: 'consumed', runId, ids: consumed }]);
  }
  for (const child of children) draftRun(draft, child, worker);
  for (const request of requests) draftRequest(draft, request, askedIn);
  if (commit.closes) draftClosing(draft, runId, link, commit.closes);
  for (const { name, payload, at } of exposed) {
    draft.add(query(sql.expose, name, draft.inRow(payload), BigInt(at), runId), () => [
      { type: 'exposed', runId, exposed: { name, payload, at } },
    ]);
  }
  draftLink(draft, commit, worker);
  if (!own.isParentless(runId)) draftChildLetters(draft, commit, events);
  if (status) draftStatus(draft, runId, worker, status);
  return { draft, proof, linkProof };
};

const draftLink = (draft: Draft, { runId, link, versions, rewinds, next }: RunCommit, worker: Worker): void => {
  if (versions) draft.add(query(sql.setVersions, JSON.stringify(versions), runId));
  if (rewinds) draft.add(query(sql.setRewinds, JSON.stringify(rewinds), runId));
  if (!next) return;
  draft.add(query(sql.nextLink, BigInt(next.version), runId));
  const { unconsumed = [] } = next;
  if (unconsumed.length > 0) draft.add(query(sql.giveBack, runId, JSON.stringify(unconsumed)));
  draftEvents(draft, runId, worker, link + 1, [{ ...startedOnly, at: next.at, payload: next.input }]);
};

export const commitEntry = (commit: RunCommit, owner: Owner, reader: RemoteReader): Entry<readonly RunEvent[]> => {
  const { draft, proof, linkProof } = draftCommit(commit, commit.events, owner, reader);
  return {
    queries: draft.queries,
    runs: [
      commit.runId,
      ...(commit.children ?? []).map(({ id }) => id),
      ...(commit.requests ?? []).map(({ runId }) => runId),
    ],
    answer: (all) => ({ value: commit.events, changes: draft.changesOf(all) }),
    instead: async (error, place) => {
      throw await refusalOf(
        commit,
        owner.worker,
        error,
        place === proof,
        place !== undefined && place === linkProof,
        reader,
      );
    },
    again: () => Promise.resolve(commit.events),
  };
};

/** Why a commit was refused: the database cannot say it. */
export const refusalOf = async (
  { runId }: RunCommit,
  worker: Worker,
  error: unknown,
  isAtProof: boolean,
  isAtLink: boolean,
  reader: RemoteReader,
): Promise<TempoliteError> => {
  if (!isAtProof && !isAtLink) return remoteError(error);
  const run = await reader.run(runId);
  if (!run) return notFound(runId);
  return isAtLink || (run.worker ?? worker.id) !== worker.id ? fencedOut() : remoteError(error);
};
