import { EngineError } from '../../errors.js';
import { defaultCodec } from '../../values/codec.js';
import { askedIn } from '../child-letter.js';
import type { RunEvent } from '../event.js';
import type { Change, Fork, RunCommit, Started } from '../journal.js';
import type { NewRun, RunRecord } from '../run-record.js';
import type { Statement } from '../statement.js';
import { isTerminal } from '../status.js';
import type { AppendBuffer } from './append-buffer.js';
import type { Binding, Connection } from './connection.js';
import { goneOn } from './failures.js';
import type { InboxWriter } from './inbox-writer.js';
import { childOf, type OwnRow, type OwnRows } from './own-rows.js';
import { fencedOut, type Ownership } from './ownership.js';
import type { Reader } from './reader.js';
import type { RowReader } from './row-reader.js';
import { nameOfKey, recordOf, withStatus } from './rows.js';
import * as sql from './statements.js';
import type { StoredPayloads } from './stored-payloads.js';
import { UserTransactions } from './user-transactions.js';

interface Parts {
  readonly ownership: Ownership;
  readonly own: OwnRows;
  readonly appends: AppendBuffer;
  readonly inbox: InboxWriter;
  readonly payloads: StoredPayloads;
  readonly rows: RowReader;
  readonly reader: Reader;
  readonly note: (change: Change) => void;
}

/** Everything that is written about runs, each method within a caller's transaction. */
export class RunWriter {
  readonly #connection: Connection;
  readonly #ownership: Ownership;
  readonly #appends: AppendBuffer;
  readonly #note: (change: Change) => void;
  readonly #own: OwnRows;
  readonly #transactions: UserTransactions;
  readonly #inbox: InboxWriter;
  readonly #payloads: StoredPayloads;
  readonly #rows: RowReader;
  readonly #reader: Reader;

  constructor(connection: Connection, parts: Parts) {
    this.#connection = connection;
    this.#ownership = parts.ownership;
    this.#own = parts.own;
    this.#appends = parts.appends;
    this.#note = parts.note;
    this.#inbox = parts.inbox;
    this.#payloads = parts.payloads;
    this.#rows = parts.rows;
    this.#reader = parts.reader;
    this.#transactions = new UserTransactions(connection);
  }

  start(run: NewRun, statements: readonly Statement[] = []): Started {
    const owned =
      run.status === 'running' && this.#ownership.workerId !== undefined ? this.#insert(run, true) : undefined;
    const worker = owned === undefined ? undefined : this.#ownership.workerId;
    // A worker that was taken over starts runs for others to execute.
    const num = owned ?? this.#insert(run);
    if (num === undefined) return { created: false, run: this.#reader.existing(run.id) };
    const record = recordOf(run, worker);
    if (worker !== undefined) this.#own.set(run.id, { num, record, child: undefined });
    const event = { ...startedOnly, at: record.createdAt, payload: run.input };
    this.#note({ type: 'events', events: this.#appends.addStarted(num, run.id, event) });
    this.#transactions.run(statements);
    this.#note({ type: 'run', run: record });
    return { created: true, run: record };
  }

  /** Answers with the events as they are written. */
  commit(commit: RunCommit): readonly RunEvent[] {
    const { runId, link, consumed = [], status, children = [], requests = [], exposed = [] } = commit;
    const proof = this.#ownership.proof();
    const written = this.#owned(runId);
    const events = this.#settled(commit);
    if (events.length > 0) this.#note({ type: 'events', events: this.#appends.add(written.num, runId, link, events) });
    for (const id of consumed) {
      const { changes } = this.#connection.run(sql.consume, [BigInt(id), BigInt(written.num), ...proof]);
      if (changes === 0) this.#ownership.check();
    }
    if (consumed.length > 0) this.#note({ type: 'consumed', runId, ids: consumed });
    for (const child of children) this.#startChild(child);
    for (const request of requests) this.#inbox.request(request, askedIn);
    if (commit.closes) this.#inbox.closeChildren(written.num, link, commit.closes);
    for (const { name, payload, at } of exposed) {
      this.#connection.run(sql.expose, [BigInt(written.num), name, this.#payloads.inRow(payload), BigInt(at)]);
      this.#note({ type: 'exposed', runId, exposed: { name, payload, at } });
    }
    this.#setLink(runId, written, commit);
    if (written.child) this.#inbox.tellParent(written.child, commit, events);
    if (status) this.#setStatus(runId, written, status);
    return events;
  }

  fork({ from, link: meant, to, run }: Fork): Started {
    const source = this.#reader.existing(from);
    const { num } = this.#rowOf(from);
    const { workflow, inputDigest, link } = source;
    if (meant !== undefined && meant !== link && !this.#reader.run(run.id)) throw goneOn(from, meant);
    const inserted = this.#insert({ ...run, workflow, inputDigest, status: 'pending' });
    if (inserted === undefined) return { created: false, run: this.#reader.existing(run.id) };
    const copy = BigInt(inserted);
    this.#appends.writeStarted();
    this.#connection.run(sql.copyEvents, [copy, BigInt(num), BigInt(link), BigInt(to)]);
    const rewinds = (source.rewinds ?? []).filter(({ seq }) => seq <= to);
    const place = [BigInt(num), BigInt(link), BigInt(to)];
    const chosen = this.#connection.all(sql.versionsUpTo, place);
    // A fork may have a choice whose record it has not copied.
    const isCopied = this.#connection.all(sql.isCopied, place).length > 0;
    const inherited = isCopied ? Object.entries(source.versions ?? {}) : [];
    const recorded = chosen.map(([key, version]) => [nameOfKey(String(key)), Number(version)] as const);
    const versions = [...inherited, ...recorded];
    const at = Number(this.#connection.all(sql.clockAt, [copy])[0]?.[0] ?? 0);
    const forked = {
      type: 'run-forked',
      seq: to + 1,
      batch: to + 1,
      epoch: 0,
      at,
      payload: defaultCodec.encode(from),
    } as const;
    this.#note({ type: 'events', events: this.#appends.addStarted(inserted, run.id, forked) });
    const updated = this.#connection.all(sql.setForked, [
      versions.length > 0 ? JSON.stringify(Object.fromEntries(versions)) : null,
      rewinds.length > 0 ? JSON.stringify(rewinds) : null,
      copy,
    ])[0];
    const record = updated ? this.#rows.run(updated) : this.#reader.existing(run.id);
    this.#note({ type: 'run', run: record });
    return { created: true, run: record };
  }

  /** A commit was refused. Answers whether it can be written another way: with events that say so. */
  refuse({ transactions = [] }: RunCommit, error: unknown): boolean {
    return this.#transactions.refuse(transactions, error);
  }

  /** A start was refused. Answers whether it fails for a better reason when it is written again. */
  refuseStart(statements: readonly Statement[], error: unknown): boolean {
    return this.#transactions.refuseStart(statements, error);
  }

  /** Answers with the number of its row, unless there is a run with its id, or it is to be this worker's and that is none any more. */
  #insert(run: Omit<NewRun, 'input'>, isOwn = false): number | undefined {
    const at = BigInt(Math.floor(run.createdAt));
    const { parent } = run;
    const proof = isOwn ? this.#ownership.proof() : none;
    const { changes, lastInsertRowid } = this.#connection.run(isOwn ? sql.insertOwnRun : sql.insertRun, [
      run.id,
      run.workflow,
      BigInt(run.version),
      run.status,
      BigInt(run.priority),
      JSON.stringify(run.tags),
      this.#payloads.digest(run.inputDigest),
      at,
      at,
      run.wakeAt === undefined ? null : BigInt(Math.ceil(run.wakeAt)),
      proof[0] ?? null,
      parent ? BigInt((this.#own.get(parent.runId) ?? this.#rowOf(parent.runId)).num) : null,
      parent?.runId ?? null,
      parent?.key ?? null,
      run.onClose ?? null,
      ...proof,
    ]);
    return changes === 0 ? undefined : lastInsertRowid;
  }

  /** The events, with what came of the user's statements in the places that wait for it. */
  #settled({ events, transactions }: RunCommit): readonly RunEvent[] {
    if (!transactions) return events;
    const bySeq = new Map(transactions.map(({ seq, ...transaction }) => [seq, transaction]));
    return events.map((event) => {
      const transaction = bySeq.get(event.seq);
      return transaction && event.type === 'transaction-committed'
        ? { ...event, ...this.#transactions.outcomeOf(transaction) }
        : event;
    });
  }

  /** Its first event is written with those of its parent, behind them. */
  #startChild(run: NewRun): void {
    const num = this.#insert(run);
    if (num === undefined) return;
    const record = recordOf(run);
    const event = { ...startedOnly, at: record.createdAt, payload: run.input };
    this.#note({ type: 'events', events: this.#appends.add(num, run.id, 0, [event]) });
    this.#note({ type: 'run', run: record });
  }

  #setLink(runId: string, written: OwnRow, { link, versions, rewinds, next }: RunCommit): void {
    if (!versions && !rewinds && !next) return;
    written.record = undefined;
    const { num } = written;
    const proof = this.#ownership.proof();
    const row = BigInt(num);
    if (versions) this.#connection.run(sql.setVersions, [JSON.stringify(versions), row, ...proof]);
    if (rewinds) this.#connection.run(sql.setRewinds, [JSON.stringify(rewinds), row, ...proof]);
    if (!next) return;
    const { changes } = this.#connection.run(sql.nextLink, [BigInt(next.version), row, BigInt(link), ...proof]);
    if (changes === 0) throw fencedOut();
    for (const id of next.unconsumed ?? []) this.#connection.run(sql.giveBack, [BigInt(id), row]);
    const event = { ...startedOnly, at: next.at, payload: next.input };
    this.#note({ type: 'events', events: this.#appends.add(num, runId, link + 1, [event]) });
  }

  #setStatus(runId: string, written: OwnRow, status: NonNullable<RunCommit['status']>): void {
    const proof = this.#ownership.proof();
    const frees = isTerminal(status.status) || status.status === 'blocked' || status.frees === true;
    const bindings = [
      status.status,
      BigInt(Math.floor(status.at)),
      status.wakeAt === undefined ? null : BigInt(Math.ceil(status.wakeAt)),
      status.detail === undefined ? null : this.#payloads.inRow(status.detail),
      frees ? null : proof[0],
      BigInt(written.num),
      ...proof,
    ];
    written.record = written.record
      ? this.#update(withStatus(written.record, status, frees ? undefined : proof[0]), bindings)
      : this.#updateAndRead(bindings);
    if (frees || status.status !== 'running') this.#own.delete(runId);
    this.#note({ type: 'run', run: written.record });
  }

  #update(record: RunRecord, bindings: readonly Binding[]): RunRecord {
    if (this.#connection.run(sql.updateRun, bindings).changes === 0) throw fencedOut();
    return record;
  }

  #updateAndRead(bindings: readonly Binding[]): RunRecord {
    const row = this.#connection.all(sql.updateAndReadRun, bindings)[0];
    if (!row) throw fencedOut();
    return this.#rows.run(row);
  }

  /**
   * The row of a run that is this worker's, or nobody's and this worker's from now on. Until the worker lets it go, nobody else can take
   * it without the fence.
   */
  #owned(runId: string): OwnRow {
    const known = this.#own.get(runId);
    if (known !== undefined) return known;
    const { worker, ...written } = this.#rowOf(runId);
    const [id, fence] = this.#ownership.proof();
    if (worker === null) {
      if (this.#connection.all(sql.claimRuns, [id, JSON.stringify([runId]), id, id, fence]).length === 0)
        throw fencedOut();
    } else if (worker !== id) throw fencedOut();
    this.#own.set(runId, written);
    return written;
  }

  #rowOf(runId: string): OwnRow & { readonly worker: unknown } {
    const row = this.#connection.all(sql.runNum, [runId])[0];
    if (!row) throw new EngineError('RUN_NOT_FOUND', `there is no run "${runId}" in this database`);
    const [num, parent, worker] = row;
    return { num: Number(num), record: undefined, child: childOf(runId, parent), worker };
  }
}

const none: readonly Binding[] = [];
const startedOnly = { type: 'started', seq: 0, batch: 0, epoch: 0 } as const;
