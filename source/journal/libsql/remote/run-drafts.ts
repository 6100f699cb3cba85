import { lettersOf } from '../../child-letter.js';
import type { RunEvent } from '../../event.js';
import type { Change, Closing, NewRequest, RunCommit, Worker } from '../../journal.js';
import type { NewRun } from '../../run-record.js';
import { isTerminal, type RunStatus } from '../../status.js';
import type { Binding } from '../connection.js';
import type { RowReader } from '../row-reader.js';
import { addEventRow } from '../rows.js';
import * as shared from '../statements.js';
import type { Draft } from './draft.js';
import { query, unpacked, type Rows } from './query.js';
import * as sql from './remote-statements.js';

/** The statements of what is written about runs. */

const instant = (at: number): bigint => BigInt(Math.floor(at));
const wake = (at: number | undefined): bigint | null => (at === undefined ? null : BigInt(Math.ceil(at)));

export const startedOnly = { type: 'started', seq: 0, batch: 0, epoch: 0 } as const;

/** Where a run and its first event are inserted. */
export interface RunPlaces {
  readonly run: number;
  readonly event: number;
}

/** Inserts a run and its first event. The run is found if it is there, its event is inserted if it is new. */
export const draftRun = (draft: Draft, given: NewRun, worker: Worker | undefined): RunPlaces => {
  const at = instant(given.createdAt);
  let found: Rows = [];
  const run = draft.add(
    query(
      sql.insertRun,
      given.id,
      given.workflow,
      BigInt(given.version),
      given.status,
      BigInt(given.priority),
      JSON.stringify(given.tags),
      draft.digest(given.inputDigest),
      at,
      at,
      wake(given.wakeAt),
      ...(given.status === 'running' && worker ? [worker.id, BigInt(worker.fence)] : [null, null]),
      given.parent?.runId ?? null,
      given.parent?.runId ?? null,
      given.parent?.key ?? null,
      given.onClose ?? null,
    ),
    (rowsOfRun) => {
      found = rowsOfRun;
      return [];
    },
  );
  const started = { ...startedOnly, at: Number(at), payload: given.input };
  const event = draft.add(query(sql.insertStarted, at, draft.write(given.input), given.id), (inserted) =>
    inserted.length > 0 ? [...eventsChange(inserted, given.id, 0, [started]), ...runChange(found, draft.decode)] : [],
  );
  return { run, event };
};

const runChange = (found: Rows, decode: RowReader): readonly Change[] =>
  found.map((row) => ({ type: 'run', run: decode.run(unpacked(row)) }));

/** Appends events, whose `run` is found only if it is this worker's. */
export const draftEvents = (
  draft: Draft,
  runId: string,
  worker: Worker,
  link: number,
  events: readonly RunEvent[],
): number => {
  const values = events.map((event) => eventRow(event, draft).map(toJson));
  const append = query(sql.appendEvents, runId, worker.id, BigInt(link), JSON.stringify(values));
  return draft.add({ ...append, rows: events.length }, (found) => eventsChange(found, runId, link, events));
};

/** Its columns without its run and its link. */
const eventRow = (event: RunEvent, draft: Draft): readonly Binding[] => {
  const row: Binding[] = [];
  addEventRow(row, { num: 0, link: 0, event }, draft);
  return row.slice(2);
};

/** A number of JSON is as whole as it was. */
const toJson = (binding: unknown): unknown => (typeof binding === 'bigint' ? Number(binding) : binding);

const eventsChange = (found: Rows, runId: string, link: number, events: readonly RunEvent[]): readonly Change[] => {
  if (found.length === 0) return [];
  // One statement gives positions in the order of its rows, but may tell them in any.
  const positions = found.map(([position]) => Number(position)).sort((one, other) => one - other);
  return [
    {
      type: 'events',
      events: events.map((event, place) => ({ position: positions[place] ?? 0, runId, link, event })),
    },
  ];
};

/** Answers with its place, and what its payload was written as. */
export const draftRequest = (
  draft: Draft,
  { runId, name, payload, at }: NewRequest,
  statuses: readonly RunStatus[],
  behind: readonly RunStatus[] = [],
): { readonly place: number; readonly written: string } => {
  const written = draft.write(payload);
  const place = draft.add(
    query(shared.insertRequest, name, written, instant(at), runId, JSON.stringify(statuses), JSON.stringify(behind)),
    (found) => found.map((row) => ({ type: 'letter', runId, letter: draft.decode.letter(row) })),
  );
  return { place, written };
};

export const draftClosing = (
  draft: Draft,
  runId: string,
  link: number,
  { at, since, children = [] }: Closing,
): void => {
  const from = since === undefined ? null : BigInt(since);
  draft.add(query(sql.closeChildren, instant(at), runId, JSON.stringify(children), from, BigInt(link), from), (found) =>
    lettersChange(found, draft.decode),
  );
};

const lettersChange = (found: Rows, decode: RowReader): readonly Change[] =>
  found.map((row) => ({ type: 'letter', runId: String(row[5]), letter: decode.letter(row) }));

/** What the parent hears of, if there is one. */
export const draftChildLetters = (draft: Draft, commit: RunCommit, events: readonly RunEvent[]): void => {
  const letters = lettersOf(commit, events).map(({ letter, at }) => [draft.write(letter), at]);
  if (letters.length === 0) return;
  draft.add(query(sql.insertChildLetters, JSON.stringify(letters), commit.runId), (found) =>
    lettersChange(found, draft.decode),
  );
};

export const draftStatus = (
  draft: Draft,
  runId: string,
  worker: Worker,
  status: NonNullable<RunCommit['status']>,
): number =>
  draft.add(
    query(
      sql.updateRun,
      status.status,
      instant(status.at),
      wake(status.wakeAt),
      status.detail === undefined ? null : draft.inRow(status.detail),
      isFreed(status) ? null : worker.id,
      runId,
    ),
    (found) => runChange(found, draft.decode),
  );

/** Whether the run is nobody's from then on. */
const isFreed = ({ status, frees }: NonNullable<RunCommit['status']>): boolean =>
  isTerminal(status) || status === 'blocked' || frees === true;
