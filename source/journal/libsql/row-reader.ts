import type { EventBody, PositionedEvent, RunEvent } from '../event.js';
import type { Exposed } from '../exposed.js';
import type { Inbox, Letter, News, SignalRecord } from '../journal.js';
import type { Rewind, RunRecord } from '../run-record.js';
import { statuses, type RunStatus } from '../status.js';

const isSignal = (row: readonly unknown[]): boolean => row[4] === 'signal';
const isStatus = (text: string): text is RunStatus => statuses.some((status) => status === text);

/** Makes of rows what the port knows. */
export class RowReader {
  readonly #open: (text: string) => string;

  /** `open` gives back what was sealed. */
  constructor(open: (text: string) => string) {
    this.#open = open;
  }

  /** It is called for every event of a replay, so that it trusts the STRICT columns instead of decoding them. */
  readonly event = (row: readonly unknown[]): RunEvent => {
    const [seq, batch, epoch, type, key, digest, index, at, payload] = row;
    const body: Record<string, unknown> = { seq, batch, epoch, at, type };
    if (key !== null) body['key'] = key;
    if (typeof digest === 'string') body['digest'] = this.#open(digest);
    if (index !== null) body['index'] = index;
    if (typeof payload === 'string') body['payload'] = this.#open(payload);
    return body as unknown as RunEvent & EventBody;
  };

  /** Reads a page of events that came as one text. */
  readonly eventsPage = ([row]: readonly (readonly unknown[])[]): RunEvent[] =>
    (JSON.parse(typeof row?.[0] === 'string' ? row[0] : '[]') as unknown[][]).map(this.event);

  /** Reads an event with its position, its run and its link before it. */
  readonly positioned = ([position, runId, link, ...event]: readonly unknown[]): PositionedEvent => ({
    position: Number(position),
    runId: String(runId),
    link: Number(link),
    event: this.event(event),
  });

  readonly run = (row: readonly unknown[]): RunRecord => {
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
      inputDigest: this.#open(String(inputDigest)),
      createdAt: Number(createdAt),
      updatedAt: Number(updatedAt),
      ...(wakeAt === null ? {} : { wakeAt: Number(wakeAt) }),
      ...(typeof parentId === 'string' ? { parent: { runId: parentId, key: String(parentKey) } } : {}),
      ...(typeof versions === 'string' ? { versions: JSON.parse(versions) as Record<string, number> } : {}),
      ...(typeof rewinds === 'string' ? { rewinds: JSON.parse(rewinds) as Rewind[] } : {}),
      ...(typeof worker === 'string' ? { worker } : {}),
      ...(typeof detail === 'string' ? { detail: this.#open(detail) } : {}),
    };
  };

  readonly signal = (row: readonly unknown[]): SignalRecord => {
    const [id, name, payload, at] = row;
    return { id: Number(id), name: String(name), payload: this.#open(String(payload)), at: Number(at) };
  };

  readonly letter = (row: readonly unknown[]): Letter => {
    const kind = row[4];
    if (kind !== 'child' && kind !== 'control')
      throw new TypeError(`letter ${String(row[0])} is of the unknown kind ${String(kind)}`);
    return { ...this.signal(row), kind };
  };

  readonly inbox = (rows: readonly (readonly unknown[])[]): Inbox => ({
    signals: rows.filter(isSignal).map(this.signal),
    letters: rows.filter((row) => !isSignal(row)).map(this.letter),
  });

  /** A letter or a signal, and the id of its run. */
  readonly news = (row: readonly unknown[]): News => ({
    runId: String(row[5]),
    letter: isSignal(row) ? this.signal(row) : this.letter(row),
  });

  readonly exposed = ([name, payload, at]: readonly unknown[]): Exposed => ({
    name: String(name),
    payload: this.#open(String(payload)),
    at: Number(at),
  });
}
