import type { Journal, Letter, SignalRecord } from '../journal/journal.js';
import type { RunEvent } from '../journal/event.js';
import { isEarly, waitsForRetry, type RunRecord } from '../journal/run-record.js';
import { isOpen } from '../journal/status.js';
import { PipelineExecution } from '../run/execution.js';
import type { ExecutionHost } from '../run/host.js';
import { Backlog } from './backlog.js';
import type { Settings } from './options.js';
import type { Registry } from './registry.js';
import type { Requests } from './requests.js';
import { Residency } from './residency.js';

export interface ResidentRunsHost extends ExecutionHost {
  readonly isOpen: boolean;
  /** The id of the worker. */
  readonly id: string | undefined;
  /** What is decided about runs that are not in memory. */
  readonly requests: Pick<Requests, 'undecided' | 'sendBack'>;
  /** It could not be read. */
  unreadable(runId: string, error: unknown): void;
  /** It has left memory. */
  left(execution: PipelineExecution): void;
  /** There is a place, and nobody waits for it here. */
  hasRoom(): void;
  /** It has left memory and has something to do at this instant. */
  evicted(due: number | undefined): void;
}

/** The runs whose pipelines are in memory: how they come there, and how they leave. */
export class ResidentRuns {
  readonly #journal: Journal;
  readonly #registry: Registry;
  readonly #settings: Settings;
  readonly #host: ResidentRunsHost;
  readonly #residency: Residency;
  readonly #backlog = new Backlog();
  readonly #resident = new Map<string, PipelineExecution>();
  readonly #loading = new Map<string, Promise<PipelineExecution | undefined>>();
  /** Those that wait for their retry and were brought before it is due, and when it is. */
  readonly #listening = new WeakMap<PipelineExecution, number | undefined>();
  #reserved = 0;
  #beginning = 0;
  #hearing = 0;

  constructor(journal: Journal, registry: Registry, settings: Settings, host: ResidentRunsHost) {
    this.#journal = journal;
    this.#registry = registry;
    this.#settings = settings;
    this.#host = host;
    this.#residency = new Residency(settings, {
      wanted: () => this.#backlog.size,
      evict: (execution) => {
        this.#evict(execution);
      },
    });
  }

  get all(): ReadonlyMap<string, PipelineExecution> {
    return this.#resident;
  }

  /** Runs that may be brought to memory: there are places, or runs that only wait would make room. */
  get room(): number {
    return Math.max(0, this.#settings.maxResidentRuns - this.#places - this.#backlog.size + this.#residency.size);
  }

  get isQuiet(): boolean {
    return this.#beginning + this.#hearing + this.#loading.size === 0 && this.#residency.isQuiet;
  }

  /** Keeps a place for a run that is being started; `undefined` when there is none. The answer gives it back. */
  reserve(): (() => void) | undefined {
    if (!this.#hasRoom) return undefined;
    this.#reserved += 1;
    return () => {
      this.#reserved -= 1;
      if (this.#backlog.size > 0) this.#offerPlace();
    };
  }

  /** Executes a run that has just been started, of which nothing has to be read. */
  adopt(record: RunRecord, started: RunEvent): void {
    const workflow = this.#registry.find(record.workflow, record.version);
    if (!workflow || this.#resident.has(record.id)) return;
    this.#begin(new PipelineExecution(record, workflow, this.#host), [started]);
  }

  /** Brings a run to memory, now or when there is room. The record of one that was nobody's need not be read: claiming it does so. */
  async activate(runId: string, atHand?: RunRecord): Promise<PipelineExecution | undefined> {
    const here = this.#resident.get(runId) ?? this.#loading.get(runId);
    if (here || !this.#host.isOpen) return here;
    if (!this.#hasRoom) {
      this.#backlog.add(runId, atHand);
      this.#residency.hurry();
      return undefined;
    }
    this.#backlog.delete(runId);
    const loading = this.#load(runId, atHand)
      .catch((error: unknown) => {
        this.#host.unreadable(runId, error);
        return undefined;
      })
      .finally(() => {
        if (this.#loading.get(runId) !== loading) return;
        this.#loading.delete(runId);
        // It was another's, or at its end: its place is free.
        if (!this.#resident.has(runId)) this.#offerPlace();
      });
    this.#loading.set(runId, loading);
    return loading;
  }

  /**
   * Something has come in for a run, which is brought to memory for it. What is said of a signal may be old: an earlier link may have consumed
   * it, of which a later one has no record. Once the run is here that cannot happen unseen any more.
   */
  async hear(runId: string, letter: SignalRecord | Letter): Promise<void> {
    const execution = await this.activate(runId);
    if (!execution) return;
    this.#hearing += 1;
    try {
      const mayBeOld = execution.link > 0 && !('kind' in letter) && !execution.context.mailbox.knows(letter.id);
      if (!mayBeOld || (await this.#journal.isUnread(letter.id))) execution.receive(letter);
    } catch (error) {
      // With the next renewal all mail is looked at anew.
      this.#host.unreadable(runId, error);
    } finally {
      this.#hearing -= 1;
    }
  }

  /**
   * Its code does not fit its journal. One that was brought before its retry is due, for what its children have written, is held against the
   * failure that going back drops: it leaves memory until then. Answers whether it does.
   */
  waitsInstead(execution: PipelineExecution): boolean {
    if (!this.#listening.has(execution)) return false;
    this.leave(execution);
    this.#host.evicted(this.#listening.get(execution));
    return true;
  }

  async loaded(runId: string): Promise<void> {
    await this.#loading.get(runId);
  }

  busy(execution: PipelineExecution): void {
    this.#residency.busy(execution);
  }

  idle(execution: PipelineExecution): void {
    this.#residency.idle(execution);
    if (this.#backlog.size > 0) this.#residency.hurry();
  }

  leave(execution: PipelineExecution): void {
    if (this.#resident.get(execution.runId) !== execution) return;
    this.#resident.delete(execution.runId);
    this.#residency.busy(execution);
    this.#host.left(execution);
    this.#offerPlace();
  }

  clear(): void {
    this.#residency.clear();
    for (const execution of this.#resident.values()) execution.stop();
    this.#resident.clear();
    this.#loading.clear();
    this.#backlog.clear();
  }

  #offerPlace(): void {
    const next = this.#host.isOpen ? this.#backlog.next() : undefined;
    if (next !== undefined) void this.activate(next.runId, next.record);
    else this.#host.hasRoom();
  }

  async #load(runId: string, atHand: RunRecord | undefined): Promise<PipelineExecution | undefined> {
    await this.#host.requests.undecided(runId);
    return this.#read(runId, atHand);
  }

  async #read(runId: string, atHand?: RunRecord): Promise<PipelineExecution | undefined> {
    const seen = atHand ?? (await this.#journal.run(runId));
    if (!seen || !isOpen(seen.status) || this.#isClosed()) return undefined;
    // Signals wait for it in its mailbox. Whoever cancels it need not wait, and what its children have written is recorded.
    const early = isEarly(seen, this.#host.now()) ? await this.#askedEarly(runId) : undefined;
    if (early === 'nothing') {
      this.#host.evicted(seen.wakeAt);
      return undefined;
    }
    const workflow = this.#registry.find(seen.workflow, seen.version);
    if (!workflow) {
      const fields = { runId, workflow: seen.workflow, version: seen.version };
      this.#settings.logger.warn(fields, 'run waits: its workflow is not registered here');
      return undefined;
    }
    const record = seen.worker === this.#host.id ? seen : await this.#journal.claimRun(runId, true);
    if (!record || !isOpen(record.status) || this.#isClosed()) return undefined;
    // It has gone on in between: it is this worker's now, and read once more.
    if (record.version !== seen.version) return this.#read(runId);
    const goesBack = waitsForRetry(record) && early !== 'children';
    if (goesBack && (await this.#host.requests.sendBack(record))) return this.#read(runId);
    if (this.#isClosed()) return undefined;
    const execution = this.#resident.get(runId) ?? new PipelineExecution(record, workflow, this.#host);
    if (early === 'children') this.#listening.set(execution, record.wakeAt);
    if (!this.#resident.has(runId)) this.#begin(execution);
    return execution;
  }

  #isClosed(): boolean {
    return !this.#host.isOpen;
  }

  /** What has come in for a run that is not due. */
  async #askedEarly(runId: string): Promise<'cancel' | 'children' | 'nothing'> {
    const { letters } = await this.#journal.inbox(runId);
    if (letters.some(({ kind, name }) => kind === 'control' && name === 'cancel')) return 'cancel';
    return letters.some(({ kind }) => kind === 'child') ? 'children' : 'nothing';
  }

  #begin(execution: PipelineExecution, first?: readonly RunEvent[]): void {
    this.#resident.set(execution.runId, execution);
    this.#beginning += 1;
    const unreadable = (error: unknown): void => {
      execution.stop();
      this.leave(execution);
      this.#host.unreadable(execution.runId, error);
    };
    execution
      .start(unreadable, first)
      .catch(unreadable)
      .finally(() => {
        this.#beginning -= 1;
      });
  }

  get #places(): number {
    return this.#resident.size + this.#loading.size + this.#reserved;
  }

  get #hasRoom(): boolean {
    return this.#places < this.#settings.maxResidentRuns || this.#residency.makeRoom();
  }

  #evict(execution: PipelineExecution): void {
    const { nextDue } = execution;
    execution.stop();
    this.leave(execution);
    this.#host.evicted(nextDue);
  }
}
