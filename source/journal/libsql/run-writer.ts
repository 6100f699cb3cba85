import { EngineError } from '../../errors.js';
import { defaultCodec } from '../../values/codec.js';
import { endLetter, outputLetter } from '../child-letter.js';
import { isEnd, type RunEvent } from '../event.js';
import type { Change, Closing, Fork, NewRequest, RunCommit } from '../journal.js';
import type { NewRun, RunRecord } from '../run-record.js';
import type { Statement } from '../statement.js';
import { isTerminal, type RunStatus } from '../status.js';
import type { AppendBuffer } from './append-buffer.js';
import type { Connection } from './connection.js';
import { fencedOut, type Ownership } from './ownership.js';
import * as rows from './rows.js';
import * as sql from './statements.js';
import { UserTransactions } from './user-transactions.js';

interface Written {
  readonly num: number;
  /** Of a child: its own id, and the row of its parent. */
  readonly child: { readonly id: string; readonly parent: number } | undefined;
}

/** Everything that is written about runs, each method within a caller's transaction. */
export class RunWriter {
  readonly #connection: Connection;
  readonly #ownership: Ownership;
  readonly #appends: AppendBuffer;
  readonly #note: (change: Change) => void;
  /** The rows of the runs that are being written. */
  readonly #written = new Map<string, Written>();
  readonly #transactions: UserTransactions;

  constructor(connection: Connection, ownership: Ownership, appends: AppendBuffer, note: (change: Change) => void) {
    this.#connection = connection;
    this.#ownership = ownership;
    this.#appends = appends;
    this.#note = note;
    this.#transactions = new UserTransactions(connection);
  }

  start(run: NewRun, statements: readonly Statement[] = []): { readonly created: boolean; readonly run: RunRecord } {
    const row = this.#insert(run);
    if (!row) return { created: false, run: this.#existing(run.id) };
    const event = { ...startedOnly, at: Math.floor(run.createdAt), payload: run.input };
    this.#appendStarted(row, run.id, 0, event);
    this.#transactions.run(statements);
    const record = rows.fromRunRow(row);
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
      if (this.#connection.run(sql.consume, [BigInt(id), ...proof]).changes === 0) throw fencedOut();
    }
    if (consumed.length > 0) this.#note({ type: 'consumed', runId, ids: consumed });
    for (const child of children) this.#startChild(child);
    for (const request of requests) this.request(request, openStatuses);
    if (commit.closes) this.#closeChildren(written.num, link, commit.closes);
    for (const { name, payload, at } of exposed) {
      this.#connection.run(sql.expose, [BigInt(written.num), name, payload, BigInt(at)]);
      this.#note({ type: 'exposed', runId, exposed: { name, payload, at } });
    }
    this.#setLink(runId, written.num, commit);
    if (written.child) this.#tellParent(written.child, commit, events);
    if (status) this.#setStatus(runId, written.num, status);
    return events;
  }

  request(
    { runId, name, payload, at }: NewRequest,
    statuses: readonly RunStatus[],
    behind: readonly RunStatus[] = [],
  ): { readonly id: number | undefined; readonly run: RunRecord } {
    const row = this.#connection.all(sql.insertRequest, [
      name,
      payload,
      BigInt(Math.floor(at)),
      runId,
      JSON.stringify(statuses),
      JSON.stringify(behind),
    ])[0];
    const run = this.#existing(runId);
    if (!row) return { id: undefined, run };
    const letter = rows.fromLetterRow(row);
    this.#note({ type: 'letter', runId, letter });
    return { id: letter.id, run };
  }

  fork({ from, to, run }: Fork): { readonly created: boolean; readonly run: RunRecord } {
    const source = this.#existing(from);
    const { num } = this.#rowOf(from);
    const { workflow, inputDigest, link } = source;
    const row = this.#insert({ ...run, workflow, inputDigest, status: 'pending' });
    if (!row) return { created: false, run: this.#existing(run.id) };
    const copy = BigInt(rows.numOf(row));
    this.#connection.run(sql.copyEvents, [copy, BigInt(num), BigInt(link), BigInt(to)]);
    const rewinds = (source.rewinds ?? []).filter(({ seq }) => seq <= to);
    const chosen = this.#connection.all(sql.versionsUpTo, [BigInt(num), BigInt(link), BigInt(to)]);
    const versions = chosen.map(([key, version]) => [rows.nameOfKey(String(key)), Number(version)] as const);
    const at = Number(this.#connection.all(sql.clockAt, [copy])[0]?.[0] ?? 0);
    const forked = {
      type: 'run-forked',
      seq: to + 1,
      batch: to + 1,
      epoch: 0,
      at,
      payload: defaultCodec.encode(from),
    } as const;
    this.#appendStarted(row, run.id, 0, forked);
    const updated = this.#connection.all(sql.setForked, [
      versions.length > 0 ? JSON.stringify(Object.fromEntries(versions)) : null,
      rewinds.length > 0 ? JSON.stringify(rewinds) : null,
      copy,
    ])[0];
    const record = updated ? rows.fromRunRow(updated) : this.#existing(run.id);
    this.#note({ type: 'run', run: record });
    return { created: true, run: record };
  }

  /** The transaction came to nothing, and rows that were seen in it are not there; or this is another worker now. */
  forget(): void {
    this.#written.clear();
  }

  /** A commit was refused. Answers whether it can be written another way: with events that say so. */
  refuse({ transactions = [] }: RunCommit, error: unknown): boolean {
    return this.#transactions.refuse(transactions, error);
  }

  /** A start was refused. Answers whether it fails for a better reason when it is written again. */
  refuseStart(statements: readonly Statement[], error: unknown): boolean {
    return this.#transactions.refuseStart(statements, error);
  }

  #insert(run: Omit<NewRun, 'input'>): unknown[] | undefined {
    const at = BigInt(Math.floor(run.createdAt));
    const { parent } = run;
    const row = this.#connection.all(sql.insertRun, [
      run.id,
      run.workflow,
      BigInt(run.version),
      run.status,
      BigInt(run.priority),
      JSON.stringify(run.tags),
      run.inputDigest,
      at,
      at,
      run.wakeAt === undefined ? null : BigInt(Math.ceil(run.wakeAt)),
      ...(run.status === 'running' ? this.#ownership.claimant() : [null, null]),
      parent ? BigInt((this.#written.get(parent.runId) ?? this.#rowOf(parent.runId)).num) : null,
      parent?.runId ?? null,
      parent?.key ?? null,
      run.onClose ?? null,
    ])[0];
    if (row && rows.workerOf(row) !== undefined) this.#written.set(run.id, { num: rows.numOf(row), child: undefined });
    return row;
  }

  #appendStarted(row: readonly unknown[], runId: string, link: number, event: RunEvent): void {
    const bindings = [BigInt(rows.numOf(row)), BigInt(link), ...rows.toEventRow(event)];
    const { lastInsertRowid } = this.#connection.run(sql.insertEvent, bindings);
    this.#note({ type: 'events', events: [{ position: lastInsertRowid, runId, link, event }] });
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
    const row = this.#insert(run);
    if (!row) return;
    const event = { ...startedOnly, at: Math.floor(run.createdAt), payload: run.input };
    this.#note({ type: 'events', events: this.#appends.add(rows.numOf(row), run.id, 0, [event]) });
    this.#note({ type: 'run', run: rows.fromRunRow(row) });
  }

  #setLink(runId: string, num: number, { link, versions, rewinds, next }: RunCommit): void {
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

  #closeChildren(num: number, link: number, { at, since, children = [] }: Closing): void {
    const run = BigInt(num);
    const from = since === undefined ? null : BigInt(since);
    const told = [JSON.stringify(children), from, run, BigInt(link), from];
    for (const row of this.#connection.all(sql.closeChildren, [BigInt(Math.floor(at)), run, ...told])) {
      this.#note({ type: 'letter', runId: String(row[5]), letter: rows.fromLetterRow(row) });
    }
  }

  #tellParent(
    { id, parent }: { id: string; parent: number },
    { link, status }: RunCommit,
    events: readonly RunEvent[],
  ): void {
    for (const event of events) {
      const letter =
        event.type === 'output-emitted'
          ? outputLetter(link, event)
          : isEnd(event) && status && isTerminal(status.status)
            ? endLetter(event)
            : undefined;
      if (letter === undefined) continue;
      const row = this.#connection.all(sql.insertChildLetter, [id, letter, BigInt(event.at), BigInt(parent)])[0];
      if (!row) continue;
      const [letterId, parentId] = row;
      this.#note({
        type: 'letter',
        runId: String(parentId),
        letter: { id: Number(letterId), kind: 'child', name: id, payload: letter, at: event.at },
      });
    }
  }

  #setStatus(runId: string, num: number, status: NonNullable<RunCommit['status']>): void {
    const proof = this.#ownership.proof();
    const frees = isTerminal(status.status) || status.status === 'blocked' || status.frees === true;
    const updated = this.#connection.all(sql.updateRun, [
      status.status,
      BigInt(Math.floor(status.at)),
      status.wakeAt === undefined ? null : BigInt(Math.ceil(status.wakeAt)),
      status.detail ?? null,
      frees ? null : proof[0],
      BigInt(num),
      ...proof,
    ])[0];
    if (!updated) throw fencedOut();
    // A run that waits costs no memory.
    if (frees || status.status === 'waiting') this.#written.delete(runId);
    this.#note({ type: 'run', run: rows.fromRunRow(updated) });
  }

  #existing(id: string): RunRecord {
    const row = this.#connection.all(sql.runById, [id])[0];
    if (!row)
      throw new EngineError(
        'RUN_NOT_FOUND',
        `there is no run "${id}" in this database: start it first, or check the id`,
      );
    return rows.fromRunRow(row);
  }

  /**
   * The row of a run that is this worker's, or nobody's and this worker's from now on. Until the worker lets it go, nobody else can take
   * it without the fence.
   */
  #owned(runId: string): Written {
    const known = this.#written.get(runId);
    if (known !== undefined) return known;
    const { worker, ...written } = this.#rowOf(runId);
    const [id, fence] = this.#ownership.proof();
    if (worker === null) {
      if (this.#connection.all(sql.claimRun, [id, runId, id, id, fence]).length === 0) throw fencedOut();
    } else if (worker !== id) throw fencedOut();
    this.#written.set(runId, written);
    return written;
  }

  #rowOf(runId: string): Written & { readonly worker: unknown } {
    const row = this.#connection.all(sql.runNum, [runId])[0];
    if (!row) throw new EngineError('RUN_NOT_FOUND', `there is no run "${runId}" in this database`);
    const [num, parent, worker] = row;
    const child = parent === null || parent === undefined ? undefined : { id: runId, parent: Number(parent) };
    return { num: Number(num), child, worker };
  }
}

const startedOnly = { type: 'started', seq: 0, batch: 0, epoch: 0 } as const;

/** A child that is at its end is asked nothing. */
const openStatuses: readonly RunStatus[] = ['pending', 'running', 'waiting', 'paused', 'blocked', 'failed'];
