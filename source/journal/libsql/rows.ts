import type { EventBody, PositionedEvent, RunEvent } from '../event.js';
import type { Exposed, Letter, News, RunCommit, SignalRecord } from '../journal.js';
import type { NewRun, Rewind, RunRecord } from '../run-record.js';
import { statuses, type RunStatus } from '../status.js';
import type { Binding } from './connection.js';

/** The columns of an event after its run and link, in the order in which they are written and read. */
export const eventColumns = 'seq, batch, epoch, type, key, digest, idx, at, payload';

const optional = (value: string | number | undefined): Binding =>
  value === undefined ? null : typeof value === 'number' ? BigInt(value) : value;

/** Adds what is bound for one event, in the order of its run, its link and `eventColumns`. */
export const addEventRow = (bindings: Binding[], num: number, link: number, event: RunEvent): void => {
  bindings.push(
    BigInt(num),
    integer(link),
    integer(event.seq),
    integer(event.batch),
    integer(event.epoch),
    event.type,
    'key' in event ? event.key : null,
    'digest' in event ? event.digest : null,
    'index' in event ? optional(event.index) : null,
    BigInt(event.at),
    'payload' in event ? optional(event.payload) : null,
  );
};

const smallIntegers = Array.from({ length: 1000 }, (_, value) => BigInt(value));

/** Most counters are small, and a BigInt is an object each time that it is made. */
const integer = (value: number): bigint => smallIntegers[value] ?? BigInt(value);

/** Reads one row. It is called for every event of a replay, so that it trusts the STRICT columns instead of decoding them. */
export const fromEventRow = (row: readonly unknown[]): RunEvent => {
  const [seq, batch, epoch, type, key, digest, index, at, payload] = row;
  const body: Record<string, unknown> = { seq, batch, epoch, at, type };
  if (key !== null) body['key'] = key;
  if (digest !== null) body['digest'] = digest;
  if (index !== null) body['index'] = index;
  if (payload !== null) body['payload'] = payload;
  return body as unknown as RunEvent & EventBody;
};

/** Reads an event with its position, its run and its link before it. */
export const fromTailRow = ([position, runId, link, ...event]: readonly unknown[]): PositionedEvent => ({
  position: Number(position),
  runId: String(runId),
  link: Number(link),
  event: fromEventRow(event),
});

/** Reads a page of events that came as one text. */
export const fromEventsPage = ([row]: readonly (readonly unknown[])[]): RunEvent[] =>
  (JSON.parse(typeof row?.[0] === 'string' ? row[0] : '[]') as unknown[][]).map(fromEventRow);

/** The columns of a run, in the order in which they are read. */
export const runColumns =
  'num, id, workflow, version, status, link, priority, tags, input_digest, created_at, updated_at, wake_at, detail, ' +
  'parent_id, parent_key, versions, rewinds, worker';

type NewStatus = NonNullable<RunCommit['status']>;

const isStatus = (text: string): text is RunStatus => statuses.some((status) => status === text);

export const fromRunRow = (row: readonly unknown[]): RunRecord => {
  const [, id, workflow, version, status, link, priority, tags, inputDigest, createdAt, updatedAt, wakeAt, detail] =
    row;
  const [parentId, parentKey, versions, rewinds, worker] = row.slice(13);
  const text = String(status);
  if (!isStatus(text)) throw new TypeError(`run ${String(id)} has the unknown status ${text}`);
  return {
    id: String(id),
    workflow: String(workflow),
    version: Number(version),
    status: text,
    link: Number(link),
    priority: Number(priority),
    tags: JSON.parse(String(tags)) as Record<string, string>,
    inputDigest: String(inputDigest),
    createdAt: Number(createdAt),
    updatedAt: Number(updatedAt),
    ...(wakeAt === null ? {} : { wakeAt: Number(wakeAt) }),
    ...(typeof parentId === 'string' ? { parent: { runId: parentId, key: String(parentKey) } } : {}),
    ...(typeof versions === 'string' ? { versions: JSON.parse(versions) as Record<string, number> } : {}),
    ...(typeof rewinds === 'string' ? { rewinds: JSON.parse(rewinds) as Rewind[] } : {}),
    ...(typeof worker === 'string' ? { worker } : {}),
    ...(typeof detail === 'string' ? { detail } : {}),
  };
};

/** What `fromRunRow` would read of the row that is written for a new run. */
export const recordOf = (run: Omit<NewRun, 'input'>, worker?: string): RunRecord => {
  const at = Math.floor(run.createdAt);
  return {
    id: run.id,
    workflow: run.workflow,
    version: run.version,
    status: run.status,
    link: 0,
    priority: run.priority,
    tags: { ...run.tags },
    inputDigest: run.inputDigest,
    createdAt: at,
    updatedAt: at,
    ...(run.wakeAt === undefined ? {} : { wakeAt: Math.ceil(run.wakeAt) }),
    ...(run.parent ? { parent: { ...run.parent } } : {}),
    ...(worker === undefined ? {} : { worker }),
  };
};

/** The same of a row whose status changes. */
export const withStatus = (
  record: RunRecord,
  { status, at, wakeAt, detail }: NewStatus,
  worker: string | undefined,
): RunRecord => {
  const { wakeAt: _wakeAt, detail: _detail, worker: _worker, ...rest } = record;
  return {
    ...rest,
    status,
    updatedAt: Math.floor(at),
    ...(wakeAt === undefined ? {} : { wakeAt: Math.ceil(wakeAt) }),
    ...(worker === undefined ? {} : { worker }),
    ...(detail === undefined ? {} : { detail }),
  };
};

export const signalColumns = 'id, name, payload, at';

export const fromSignalRow = (row: readonly unknown[]): SignalRecord => {
  const [id, name, payload, at] = row;
  return { id: Number(id), name: String(name), payload: String(payload), at: Number(at) };
};

export const letterColumns = `${signalColumns}, kind`;

export const fromLetterRow = (row: readonly unknown[]): Letter => {
  const kind = row[4];
  if (kind !== 'child' && kind !== 'control')
    throw new TypeError(`letter ${String(row[0])} is of the unknown kind ${String(kind)}`);
  return { ...fromSignalRow(row), kind };
};

/** A letter or a signal, and the id of its run. */
export const fromNewsRow = (row: readonly unknown[]): News => {
  const letter = row[4] === 'signal' ? fromSignalRow(row) : fromLetterRow(row);
  return { runId: String(row[5]), letter };
};

export const fromExposedRow = ([name, payload, at]: readonly unknown[]): Exposed => ({
  name: String(name),
  payload: String(payload),
  at: Number(at),
});

/** The name in a step key. */
export const nameOfKey = (key: string): string => key.slice(key.indexOf(':') + 1, key.lastIndexOf('#'));
