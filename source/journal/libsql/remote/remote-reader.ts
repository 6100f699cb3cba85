import type { EventType, PositionedEvent, RunEvent } from '../../event.js';
import type { Exposed } from '../../exposed.js';
import type { Claim, Inbox, News, Worker } from '../../journal.js';
import type { PayloadSeal } from '../../payloads/payload-seal.js';
import type { RunFilter, RunRecord } from '../../run-record.js';
import { startOf, strandOf } from '../../strands.js';
import { wanted } from '../claims.js';
import { RowReader } from '../row-reader.js';
import { conditionsOf } from '../run-filter.js';
import * as sql from '../statements.js';
import type { Sealed } from './draft.js';
import { query, type Query, type Rows } from './query.js';
import type { RemoteConnection } from './remote-connection.js';
import { lastOutput, otherWorkers, pageOfEvents } from './remote-statements.js';

/** Characters of payloads in one answer. The server has a limit of its own (sqld: 10 MB for an answer, 5 MB for a row). */
const longestPage = 1 << 20;

/** Runs in one answer. */
const mostRuns = 1000;

/** Everything that is read of a database, each method in one round trip, pages of large lists excepted. It knows the seal of what is read and written. */
export class RemoteReader implements Sealed {
  readonly seal: PayloadSeal;
  readonly decode: RowReader;
  readonly #connection: RemoteConnection;

  constructor(connection: RemoteConnection, seal: PayloadSeal) {
    this.#connection = connection;
    this.seal = seal;
    this.decode = new RowReader((text) => seal.open(text));
  }

  rows(each: Query): Promise<Rows> {
    return this.#connection.read(each);
  }

  async run(id: string): Promise<RunRecord | undefined> {
    return (await this.rows(query(sql.runById, id))).map(this.decode.run)[0];
  }

  async runs(
    filter: RunFilter,
    { after, limit }: { readonly after?: string; readonly limit: number },
  ): Promise<readonly RunRecord[]> {
    const { conditions, bindings } = conditionsOf(filter);
    const found: RunRecord[] = [];
    for (let last = after; found.length < limit; last = found.at(-1)?.id) {
      const size = Math.min(limit - found.length, mostRuns);
      const page = await this.rows(query(sql.listRuns(conditions), last ?? null, ...bindings, BigInt(size)));
      found.push(...page.map(this.decode.run));
      if (page.length < size) break;
    }
    return found;
  }

  async events(runId: string, link: number, from: number, limit: number): Promise<readonly RunEvent[]> {
    const found: RunEvent[] = [];
    for (let next = from, more = true; more && found.length < limit; next = (found.at(-1)?.seq ?? from) + 1) {
      const left = BigInt(limit - found.length);
      const [page] = await this.rows({
        ...query(pageOfEvents, runId, BigInt(link), BigInt(next), left, BigInt(longestPage)),
        isHeavy: true,
      });
      found.push(...this.decode.eventsPage(page ? [page] : []));
      // How many there would have been without the limit of an answer.
      more = Number(page?.[1] ?? 0) > Number(page?.[2] ?? 0);
    }
    return found;
  }

  async last(runId: string, link: number, type?: EventType): Promise<RunEvent | undefined> {
    const found =
      type === undefined
        ? await this.rows(query(sql.lastEvent, runId, BigInt(link)))
        : await this.rows(query(sql.lastOfType, runId, BigInt(link), type));
    return found.map(this.decode.event)[0];
  }

  async ofType(runId: string, link: number, type: EventType): Promise<readonly RunEvent[]> {
    return (await this.rows(query(sql.eventsOfType, runId, BigInt(link), type))).map(this.decode.event);
  }

  async lastOutput(runId: string, link: number): Promise<RunEvent | undefined> {
    const found = await this.rows(query(lastOutput, runId, BigInt(link), runId, BigInt(link)));
    return found.map(this.decode.event)[0];
  }

  async exposed(runId: string): Promise<readonly Exposed[]> {
    return (await this.rows(query(sql.exposed, runId))).map(this.decode.exposed);
  }

  async tail(after: number, limit: number): Promise<readonly PositionedEvent[]> {
    const found = await this.rows({ ...query(sql.tail, BigInt(after), BigInt(limit)), isHeavy: true });
    return found.map(this.decode.positioned);
  }

  async inbox(runId: string, signals?: readonly number[]): Promise<Inbox> {
    const asked = signals ? query(sql.inboxAnd, runId, JSON.stringify(signals)) : query(sql.inbox, runId);
    return this.decode.inbox(await this.rows(asked));
  }

  async isUnread(letterId: number): Promise<boolean> {
    return (await this.rows(query(sql.unreadLetter, BigInt(letterId)))).length > 0;
  }

  async news(after: number, limit: number, worker: Worker | undefined): Promise<readonly News[]> {
    const text = after > startOf(strandOf(after)) ? sql.news : sql.allNews;
    return (await this.rows(query(text, BigInt(after), worker?.id ?? null, BigInt(limit)))).map(this.decode.news);
  }

  async nextWake(now: number, worker: Worker | undefined): Promise<number | undefined> {
    const after = BigInt(Math.floor(now));
    const id = worker?.id ?? null;
    const [next] = await this.rows(query(sql.nextWake, after, after, id, after, id, after));
    return typeof next?.[0] === 'number' ? next[0] : undefined;
  }

  async owned(worker: Worker | undefined): Promise<readonly string[]> {
    const id = worker?.id ?? null;
    return (await this.rows(query(sql.owned, id, id))).map(([run]) => String(run));
  }

  /** Whether there is anything to claim. */
  async anyUnclaimed(claim: Claim, worker: Worker): Promise<boolean> {
    return (await this.rows(query(sql.anyUnclaimed, ...wanted(claim, worker.id))))[0]?.[0] === 1;
  }

  /** The other workers, by the clock of the database. */
  async others(
    worker: Worker | undefined,
  ): Promise<readonly { readonly id: string; readonly leaseUntil: number; readonly isOver: boolean }[]> {
    return (await this.rows(query(otherWorkers, worker?.id ?? null))).map(([id, leaseUntil, isOver]) => ({
      id: String(id),
      leaseUntil: Number(leaseUntil),
      isOver: isOver === 1,
    }));
  }
}
