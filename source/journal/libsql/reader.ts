import { EngineError } from '../../errors.js';
import type { EventType, PositionedEvent, RunEvent } from '../event.js';
import type { Exposed } from '../exposed.js';
import type { Inbox, News } from '../journal.js';
import type { RunFilter, RunRecord } from '../run-record.js';
import { startOf, strandOf } from '../strands.js';
import type { Connection } from './connection.js';
import type { RowReader } from './row-reader.js';
import { conditionsOf } from './run-filter.js';
import * as sql from './statements.js';

/** Bytes of payloads that are read as one text. */
const longestPage = 16n << 20n;

/** Everything that is read of a database, each method in one statement or in none's way: nothing is awaited. */
export class Reader {
  readonly #connection: Connection;
  readonly #rows: RowReader;

  constructor(connection: Connection, rows: RowReader) {
    this.#connection = connection;
    this.#rows = rows;
  }

  run(id: string): RunRecord | undefined {
    return this.#connection.all(sql.runById, [id]).map(this.#rows.run)[0];
  }

  /** Error: `RUN_NOT_FOUND`. */
  existing(id: string): RunRecord {
    const run = this.run(id);
    if (!run)
      throw new EngineError(
        'RUN_NOT_FOUND',
        `there is no run "${id}" in this database: start it first, or check the id`,
      );
    return run;
  }

  runs(filter: RunFilter, page: { readonly after?: string; readonly limit: number }): readonly RunRecord[] {
    const { conditions, bindings } = conditionsOf(filter);
    const most = BigInt(Math.min(page.limit, Number.MAX_SAFE_INTEGER));
    const listed = [page.after ?? null, ...bindings, most];
    return this.#connection.all(sql.listRuns(conditions), listed).map(this.#rows.run);
  }

  events(runId: string, link: number, from: number, limit: number): readonly RunEvent[] {
    const page = [runId, BigInt(link), BigInt(from), BigInt(limit)];
    const longest = longestPage / BigInt(Math.max(limit, 1));
    const text = this.#connection.all(sql.eventsPage, [longest, ...page]);
    const isWhole = !String(text[0]?.[0]).includes('"~#');
    return isWhole ? this.#rows.eventsPage(text) : this.#connection.all(sql.eventsFrom, page).map(this.#rows.event);
  }

  last(runId: string, link: number, type?: EventType): RunEvent | undefined {
    const ofLink = [runId, BigInt(link)];
    const found =
      type === undefined
        ? this.#connection.all(sql.lastEvent, ofLink)
        : this.#connection.all(sql.lastOfType, [...ofLink, type]);
    return found.map(this.#rows.event)[0];
  }

  ofType(runId: string, link: number, type: EventType): readonly RunEvent[] {
    return this.#connection.all(sql.eventsOfType, [runId, BigInt(link), type]).map(this.#rows.event);
  }

  lastOutput(runId: string, link: number): RunEvent | undefined {
    const end = this.last(runId, link, 'run-completed');
    if (end?.type !== 'run-completed' || end.index === undefined) return this.last(runId, link, 'output-emitted');
    const output = [runId, BigInt(link), BigInt(end.index - 1)];
    return this.#connection.all(sql.outputAt, output).map(this.#rows.event)[0];
  }

  exposed(runId: string): readonly Exposed[] {
    return this.#connection.all(sql.exposed, [runId]).map(this.#rows.exposed);
  }

  tail(after: number, limit: number): readonly PositionedEvent[] {
    const found = this.#connection.all(sql.tail, [BigInt(after), BigInt(limit)]);
    return found.map(this.#rows.positioned);
  }

  inbox(runId: string, signals?: readonly number[]): Inbox {
    const rows = signals
      ? this.#connection.all(sql.inboxAnd, [runId, JSON.stringify(signals)])
      : this.#connection.all(sql.inbox, [runId]);
    return this.#rows.inbox(rows);
  }

  isUnread(letterId: number): boolean {
    return this.#connection.all(sql.unreadLetter, [BigInt(letterId)]).length > 0;
  }

  news(after: number, limit: number, worker: string | undefined): readonly News[] {
    const bindings = [BigInt(after), worker ?? null, BigInt(limit)];
    const isFirst = after === startOf(strandOf(after));
    return this.#connection.all(isFirst ? sql.allNews : sql.news, bindings).map(this.#rows.news);
  }

  nextWake(now: number, worker: string | undefined): number | undefined {
    const after = BigInt(Math.floor(now));
    const [next] =
      this.#connection.all(sql.nextWake, [after, after, worker ?? null, after, worker ?? null, after])[0] ?? [];
    return typeof next === 'number' ? next : undefined;
  }

  owned(worker: string | undefined): readonly string[] {
    return this.#connection.all(sql.owned, [worker ?? null, worker ?? null]).map(([id]) => String(id));
  }
}
