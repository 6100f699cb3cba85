import { TempoliteError } from '../../errors.js';
import type { Claim, Worker } from '../journal.js';
import type { RunRecord } from '../run-record.js';
import type { Catalogue } from './catalogue.js';
import type { Member, Urgency } from './member.js';
import type { Members } from './members.js';
import type { WorkerClaim } from './opened.js';

/** One worker in all databases of a pool in which something may happen. */
export class PoolWorker {
  readonly #catalogue: Catalogue;
  readonly #members: Members;

  constructor(catalogue: Catalogue, members: Members) {
    this.#catalogue = catalogue;
    this.#members = members;
  }

  /** It has a fence in each database; this one is that of the pool. */
  async acquire(worker: WorkerClaim): Promise<Worker> {
    const acquired = await this.#catalogue.acquire(worker);
    // An object of its own: the same id asked for again is another worker.
    await this.#members.join({ ...worker });
    return acquired;
  }

  /** It is this worker in all of them or in none: where it was taken over in one, that is said, and a new one begins in all. */
  async renew(leaseMs: number): Promise<void> {
    const errors: unknown[] = [];
    const note = (error: unknown): void => {
      errors.push(error);
    };
    await this.#catalogue.renew(leaseMs).catch(note);
    await this.#members.eachJoined(({ journal }) => journal.renew(leaseMs).catch(note));
    if (errors.length > 0) throw errors.find(isFenced) ?? errors[0];
    // A database may have come in the meantime that could not be joined then.
    if (this.#members.worker) await this.#members.join(this.#members.worker);
  }

  async release(): Promise<void> {
    await this.#members.leave();
    await this.#catalogue.release();
  }

  async expire(): Promise<boolean> {
    const isGone = await this.#catalogue.expire();
    const gone = await this.#members.eachBusy(({ journal }) => journal.expire());
    return isGone || gone.includes(true);
  }

  async nextWake(now: number): Promise<number | undefined> {
    const wakes = await this.#members.eachBusy(({ journal }) => journal.nextWake(now));
    const next = Math.min(...wakes.map((wake) => wake ?? Infinity));
    return next === Infinity ? undefined : next;
  }

  async owned(): Promise<readonly string[]> {
    return (await this.#members.eachBusy(({ journal }) => journal.owned())).flat();
  }

  /** The most urgent of all databases: each is asked what it would give, and gives what is among the first; others may take some of it first. */
  async claim(claim: Claim): Promise<readonly RunRecord[]> {
    const claimed = new Map<string, RunRecord>();
    for (let missed = 1; missed > 0 && claimed.size < claim.limit;) {
      missed = 0;
      const offers = await this.#offers({ ...claim, limit: claim.limit - claimed.size });
      for (const [{ journal }, limit] of offers) {
        const runs = await journal.claim({ ...claim, limit });
        for (const run of runs) claimed.set(run.id, run);
        missed += limit - runs.length;
      }
    }
    return [...claimed.values()].sort(urgentFirst);
  }

  /** How many of the most urgent runs each database has. */
  async #offers(claim: Claim): Promise<ReadonlyMap<Member, number>> {
    const offers = await this.#members.eachBusy(async (member) =>
      (await this.#waiting(member, claim)).map((urgency) => ({ member, urgency })),
    );
    const first = offers.flat().sort((one, other) => urgentFirst(one.urgency, other.urgency));
    const taken = new Map<Member, number>();
    for (const { member } of first.slice(0, claim.limit)) taken.set(member, (taken.get(member) ?? 0) + 1);
    return taken;
  }

  #waiting(member: Member, claim: Claim): Promise<readonly Urgency[]> {
    return member.waiting(claim, this.#members.worker?.id);
  }
}

const urgentFirst = (one: Urgency, other: Urgency): number =>
  other.priority - one.priority || (one.wakeAt ?? -Infinity) - (other.wakeAt ?? -Infinity) || 0;

const isFenced = (error: unknown): boolean => error instanceof TempoliteError && error.code === 'JOURNAL_FENCED';
