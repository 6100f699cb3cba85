import type { RunEvent } from '../journal/event.js';
import type { Journal, Letter, RunCommit } from '../journal/journal.js';
import { isEarly, waitsForRetry, type RunRecord } from '../journal/run-record.js';
import { isOpen, isTerminal } from '../journal/status.js';
import { sagasSince } from '../run/compensated.js';
import { instantOf } from '../run/compose.js';
import { controlOf, takenIn, type Control } from '../run/control.js';
import { closingOf, decisionOn, retry, type Decision, type Standing } from '../run/decision.js';
import type { PipelineExecution } from '../run/execution.js';
import type { Settings } from './options.js';
import type { Registry } from './registry.js';

export interface RequestsHost {
  readonly isOpen: boolean;
  readonly residents: ReadonlyMap<string, Pick<PipelineExecution, 'status' | 'receive'>>;
  now(): number;
  activate(runId: string): Promise<unknown>;
  /** Settles when a run that is being brought to memory is there. */
  loaded(runId: string): Promise<void>;
  commit(commit: RunCommit): Promise<readonly RunEvent[]>;
}

/**
 * What is asked of runs from outside. A run in memory decides for itself, between two turns; one that is not is decided about here, without its
 * pipeline: a paused or failed run needs none, and that of a blocked one does not fit its journal.
 */
export class Requests {
  readonly #journal: Journal;
  readonly #registry: Registry;
  readonly #settings: Settings;
  readonly #host: RequestsHost;
  readonly #deciding = new Map<string, Promise<void>>();

  constructor(journal: Journal, registry: Registry, settings: Settings, host: RequestsHost) {
    this.#journal = journal;
    this.#registry = registry;
    this.#settings = settings;
    this.#host = host;
  }

  get isQuiet(): boolean {
    return this.#deciding.size === 0;
  }

  /** Settles when nothing is being decided about a run. */
  async undecided(runId: string): Promise<void> {
    await this.#deciding.get(runId);
  }

  /** Sees to the requests of a run, one after the other. */
  attend(runId: string): Promise<void> {
    const before = this.#deciding.get(runId);
    // One that is brought to memory decides for itself. Whoever brings it from now on waits for us.
    const loaded = this.#host.loaded(runId);
    const deciding = Promise.all([before, loaded])
      .then(() => this.#attend(runId))
      .catch((error: unknown) => {
        this.#settings.logger.error(
          { runId, error },
          'requests of a run could not be seen to; they are looked at again',
        );
        this.#attendLater(runId);
      })
      .finally(() => {
        if (this.#deciding.get(runId) === deciding) this.#deciding.delete(runId);
      });
    this.#deciding.set(runId, deciding);
    return deciding;
  }

  /**
   * A run that waits for its retry outside memory goes back, because that is due, or to be cancelled. It is written before the run is
   * replayed: a replay would hold code that has been mended against the failure that going back drops. Answers whether the run did wait.
   */
  async sendBack(record: RunRecord): Promise<boolean> {
    const standing = await this.#standingOf(record);
    const { failed } = standing;
    if (!failed) return false;
    const isDue = !isEarly(record, this.#host.now());
    const decision = isDue ? retry(failed, standing, true) : decisionOn({ type: 'cancel' }, standing);
    await this.#write(record, undefined, decision);
    return true;
  }

  #attendLater(runId: string): void {
    const again = (): void => {
      if (this.#host.isOpen) void this.attend(runId);
    };
    setTimeout(again, this.#settings.commitRetryMs).unref();
  }

  async #attend(runId: string): Promise<void> {
    let goesOn = false;
    for (const letter of (await this.#journal.inbox(runId)).letters) {
      if (!this.#host.isOpen) return;
      const resident = this.#host.residents.get(runId);
      if (resident && resident.status !== 'stopped') resident.receive(letter);
      else {
        const control = letter.kind === 'control' ? controlOf(letter) : undefined;
        if (control) goesOn = await this.#decide(runId, letter, control);
      }
    }
    // Not awaited: it waits for us in turn.
    if (goesOn) void this.#host.activate(runId);
  }

  /** Answers whether the run has something to do now. */
  async #decide(runId: string, letter: Letter, control: Control): Promise<boolean> {
    const record = await this.#journal.run(runId);
    if (!record) return false;
    if (this.#isForPipeline(record, control)) return true;
    // Others have heard of it as well: whose the run is decides.
    const owned = await this.#journal.claimRun(runId);
    if (!owned) return false;
    if (!(await this.#journal.isUnread(letter.id)) || this.#isForPipeline(owned, control)) return this.#goesOn(owned);
    const decision = await this.#decisionOn(control, owned);
    await this.#write(owned, letter, decision);
    return decision.then === 'restart' || (decision.status === undefined && this.#goesOn(owned));
  }

  /** A run that was claimed to decide about it, and that has something to do: it is executed here. */
  #goesOn({ status, workflow, version }: RunRecord): boolean {
    return isOpen(status) && this.#registry.find(workflow, version) !== undefined;
  }

  async #decisionOn(control: Control, record: RunRecord): Promise<Decision> {
    // It was in another state when that was asked for.
    if (!takenIn[control.type].includes(record.status)) return { bodies: [], then: 'nothing' };
    const unblocks = record.status === 'blocked' && control.type === 'replay';
    if (unblocks) return { bodies: [], status: 'running', then: 'restart' };
    return decisionOn(control, await this.#standingOf(record));
  }

  /** Whether the run itself has to decide, in memory; where its workflow is not known, that waits. */
  #isForPipeline(record: RunRecord, { type }: Control): boolean {
    const { status, workflow, version } = record;
    if (!isOpen(status)) return false;
    return (
      type === 'cancel' || (!isEarly(record, this.#host.now()) && this.#registry.find(workflow, version) !== undefined)
    );
  }

  async #standingOf(record: RunRecord): Promise<Standing> {
    const { id, link, status, rewinds = [] } = record;
    const failed = await this.#journal.last(id, link, 'run-failed');
    const stands = failed?.type === 'run-failed' && failed.seq > (rewinds.at(-1)?.seq ?? -1);
    const compensated = await this.#compensated(id, link);
    return {
      runId: id,
      isPaused: status === 'paused',
      isClosing: false,
      // A terminal run is asked for nothing but to go back.
      isOver: false,
      failed: stands ? failed : undefined,
      rewinds,
      compensatedSince: (from) => sagasSince(compensated, from),
    };
  }

  async #compensated(runId: string, link: number): Promise<(RunEvent & { readonly type: 'saga-compensated' })[]> {
    const events = await this.#journal.ofType(runId, link, 'saga-compensated');
    return events.filter((event) => event.type === 'saga-compensated');
  }

  async #write(record: RunRecord, letter: Letter | undefined, decision: Decision): Promise<void> {
    const { id, link, status: before, detail } = record;
    const last = await this.#journal.last(id, link);
    const now = this.#host.now();
    const seq = (last?.seq ?? -1) + 1;
    // What is recorded while a run is paused is one batch.
    const batch = before === 'paused' && last && last.type !== 'run-paused' ? last.batch : seq;
    let at = last?.at ?? now;
    const events = decision.bodies.map((body, index): RunEvent => {
      at = instantOf(body, at, now);
      return { seq: seq + index, batch, epoch: 0, at, ...body };
    });
    const end = decision.bodies.find((body) => body.type === 'run-terminated');
    const ended = end?.payload;
    // Nothing has changed, but that the run was claimed: where its workflow is not known, that is taken back.
    const isForOthers = !isTerminal(before) && !this.#registry.find(record.workflow, record.version);
    const decided = decision.status ?? (isForOthers ? before : undefined);
    const status = decided && {
      status: decided,
      at: now,
      ...(ended === undefined ? {} : { detail: ended }),
      ...(decision.status === undefined && record.wakeAt !== undefined ? { wakeAt: record.wakeAt } : {}),
      ...(decision.status === undefined && detail !== undefined ? { detail } : {}),
      ...startOf(record, decision, now),
    };
    // It goes on where it is known.
    const frees = status?.status === 'paused' || !this.#registry.find(record.workflow, record.version);
    const keptDetail = decision.status === 'paused' && detail !== undefined ? { detail } : {};
    await this.#host.commit({
      runId: id,
      link,
      events,
      consumed: decision.staysAsked || !letter ? [] : [letter.id],
      ...(status ? { status: { ...status, ...keptDetail, frees } } : {}),
      ...(decision.goBack ? { rewinds: decision.goBack({ seq, at }).rewinds } : {}),
      ...closingOf(decision, [], now),
    });
  }
}

/**
 * A run that is paused before it is due keeps the instant of its start, and waits for it when it is resumed; so does one that has failed and
 * waits for its retry: it is told by the failure in its detail.
 */
const startOf = (
  record: RunRecord,
  { bodies: [body], status }: Decision,
  now: number,
): { readonly status?: 'pending' | 'waiting'; readonly wakeAt?: number; readonly detail?: string } => {
  const { wakeAt, detail } = record;
  // A retry that has become due meanwhile is waited for as well: it comes at once.
  if (wakeAt === undefined || (wakeAt <= now && detail === undefined)) return {};
  const isToWait = record.status === 'pending' || waitsForRetry(record);
  if (isToWait && status === 'paused') return { wakeAt };
  const goesOn = record.status === 'paused' && body?.type === 'run-resumed' && body.payload === undefined;
  if (!goesOn) return {};
  return detail === undefined ? { status: 'pending', wakeAt } : { status: 'waiting', wakeAt, detail };
};
