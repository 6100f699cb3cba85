import { EngineError } from '../../errors.js';
import { lettersOf } from '../child-letter.js';
import type { RunEvent } from '../event.js';
import type { Change, Closing, NewRequest, NewSignal, RunCommit, SignalRecord } from '../journal.js';
import type { RunRecord } from '../run-record.js';
import type { RunStatus } from '../status.js';
import type { Connection } from './connection.js';
import type { Reader } from './reader.js';
import type { RowReader } from './row-reader.js';
import * as sql from './statements.js';
import type { StoredPayloads } from './stored-payloads.js';

interface InboxWriterParts {
  readonly connection: Connection;
  readonly payloads: StoredPayloads;
  readonly rows: RowReader;
  readonly reader: Reader;
  readonly note: (change: Change) => void;
}

/** Everything that is put into inboxes by whoever it is, each method within a caller's transaction. */
export class InboxWriter {
  readonly #connection: Connection;
  readonly #payloads: StoredPayloads;
  readonly #rows: RowReader;
  readonly #reader: Reader;
  readonly #note: (change: Change) => void;

  constructor({ connection, payloads, rows, reader, note }: InboxWriterParts) {
    this.#connection = connection;
    this.#payloads = payloads;
    this.#rows = rows;
    this.#reader = reader;
    this.#note = note;
  }

  signal(signal: NewSignal): { readonly accepted: boolean; readonly signal: SignalRecord } {
    const { runId, name, payload, idempotencyKey = null } = signal;
    const at = BigInt(Math.floor(signal.at));
    const written = [name, this.#payloads.write(payload), at, idempotencyKey, runId];
    const stored = this.#connection.all(sql.insertSignal, written)[0];
    if (stored) {
      const record = this.#rows.signal(stored);
      this.#note({ type: 'signal', runId, signal: record });
      return { accepted: true, signal: record };
    }
    const before = idempotencyKey === null ? [] : this.#connection.all(sql.signalByKey, [runId, name, idempotencyKey]);
    if (before[0]) return { accepted: false, signal: this.#rows.signal(before[0]) };
    const run = this.#reader.run(runId);
    if (!run)
      throw new EngineError('RUN_NOT_FOUND', `there is no run "${runId}" to signal: start it first, or check the id`);
    throw new EngineError(
      'RUN_ENDED',
      `run "${runId}" is ${run.status} and takes no more signals: "${name}" was not stored`,
    );
  }

  /** The latest letter that came before a signal, counts with it and is not consumed. It may be of another process, and unheard of here. */
  lastUnreadBefore(runId: string, { id, name }: SignalRecord): number | undefined {
    const last = this.#connection.all(sql.unreadBefore, [runId, BigInt(id), name])[0]?.[0];
    return last === undefined ? undefined : Number(last);
  }

  request(
    { runId, name, payload, at }: NewRequest,
    statuses: readonly RunStatus[],
    behind: readonly RunStatus[] = [],
  ): { readonly id: number | undefined; readonly run: RunRecord } {
    const row = this.#connection.all(sql.insertRequest, [
      name,
      this.#payloads.write(payload),
      BigInt(Math.floor(at)),
      runId,
      JSON.stringify(statuses),
      JSON.stringify(behind),
    ])[0];
    const run = this.#reader.existing(runId);
    if (!row) return { id: undefined, run };
    const letter = this.#rows.letter(row);
    this.#note({ type: 'letter', runId, letter });
    return { id: letter.id, run };
  }

  /** What the close policies of children ask of them. */
  closeChildren(num: number, link: number, { at, since, children = [] }: Closing): void {
    const run = BigInt(num);
    const from = since === undefined ? null : BigInt(since);
    const told = [JSON.stringify(children), from, run, BigInt(link), from];
    for (const row of this.#connection.all(sql.closeChildren, [BigInt(Math.floor(at)), run, ...told])) {
      this.#note({ type: 'letter', runId: String(row[5]), letter: this.#rows.letter(row) });
    }
  }

  /** What a child says of itself: its outputs, and its end. */
  tellParent({ id, parent }: { id: string; parent: number }, commit: RunCommit, events: readonly RunEvent[]): void {
    for (const { letter, at } of lettersOf(commit, events)) {
      const written = [id, this.#payloads.write(letter), BigInt(at), BigInt(parent)];
      const row = this.#connection.all(sql.insertChildLetter, written)[0];
      if (!row) continue;
      const [letterId, parentId] = row;
      this.#note({
        type: 'letter',
        runId: String(parentId),
        letter: { id: Number(letterId), kind: 'child', name: id, payload: letter, at },
      });
    }
  }
}
