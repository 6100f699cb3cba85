import type { RunEvent } from '../event.js';
import type { RunCommit } from '../journal.js';
import type { NewRun, RunRecord } from '../run-record.js';
import type { Binding } from './connection.js';

/** Whether a row has the digest of its payload, which is elsewhere. */
const isReference = (row = ''): string => `${row}payload >= '~#' AND ${row}payload < '~$'`;

/** The payload of a row, wherever it is; there is no column of that name within. A reference to nothing comes as it is: it must not be taken for no payload. */
const payloadOf = (row: string): string =>
  `CASE WHEN ${isReference(row)} THEN coalesce(` +
  `(SELECT b.content FROM tempolite_big_payloads b WHERE b.digest = substr(${row}payload, 3)), ${row}payload) ` +
  `ELSE ${row}payload END`;

/** The columns of an event after its run and link, in the order in which they are written and read. */
export const eventColumns = 'seq, batch, epoch, type, key, digest, idx, at, payload';
const allBeforePayload = eventColumns.split(', ').slice(0, -1);
export const beforePayload = allBeforePayload.join(', ');

/** What is read for them, of a table that is called `row`. */
export const eventValues = (row = ''): string =>
  [...allBeforePayload.map((column) => `${row}${column}`), `${payloadOf(row)} AS payload`].join(', ');

const optional = (value: string | number | undefined): Binding =>
  value === undefined ? null : typeof value === 'number' ? BigInt(value) : value;

/** How payloads and digests come to stand in a row. */
interface Sealing {
  write(payload: string): string;
  digest(digest: string): string;
}

const sealedBy = (sealing: Sealing, payload: string | undefined): Binding =>
  payload === undefined ? null : sealing.write(payload);

/** Adds what is bound for one event, in the order of its run, its link and `eventColumns`. */
export const addEventRow = (
  bindings: Binding[],
  { num, link, event }: { readonly num: number; readonly link: number; readonly event: RunEvent },
  sealing: Sealing,
): void => {
  bindings.push(
    BigInt(num),
    integer(link),
    integer(event.seq),
    integer(event.batch),
    integer(event.epoch),
    event.type,
    'key' in event ? event.key : null,
    'digest' in event ? sealing.digest(event.digest) : null,
    'index' in event ? optional(event.index) : null,
    BigInt(event.at),
    'payload' in event ? sealedBy(sealing, event.payload) : null,
  );
};

const smallIntegers = Array.from({ length: 1000 }, (_, value) => BigInt(value));

/** Most counters are small, and a BigInt is an object each time that it is made. */
const integer = (value: number): bigint => smallIntegers[value] ?? BigInt(value);

/** The columns of a run, in the order in which they are read. */
export const runColumns =
  'num, id, workflow, version, status, link, priority, tags, input_digest, created_at, updated_at, wake_at, detail, ' +
  'parent_id, parent_key, versions, rewinds, worker';

type NewStatus = NonNullable<RunCommit['status']>;

/** What `RowReader` would read of the row that is written for a new run. */
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

/** What is read of a signal. */
export const signalValues = (row = ''): string => `${row}id, ${row}name, ${payloadOf(row)} AS payload, ${row}at`;
export const letterValues = (row = ''): string => `${signalValues(row)}, ${row}kind`;

/** The name in a step key. */
export const nameOfKey = (key: string): string => key.slice(key.indexOf(':') + 1, key.lastIndexOf('#'));
