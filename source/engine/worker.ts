import type { DeterminismError } from '../errors.js';
import type { Change, Journal, News, RunCommit } from '../journal/journal.js';
import type { RunEvent } from '../journal/event.js';
import type { RunRecord } from '../journal/run-record.js';
import type { Command } from '../run/command.js';
import type { PipelineExecution } from '../run/execution.js';
import type { Execution } from '../run/host.js';
import { turnsAreQuiet } from '../run/turns.js';
import { encodeFailure } from '../values/failure.js';
import { Activities } from './activities.js';
import { Alarm } from './alarm.js';
import { commitUntilTaken } from './commit-retry.js';
import { CommitTick } from './commit-tick.js';
import type { Executor } from './executor.js';
import { Lease, type LeaseHost } from './lease.js';
import type { Settings } from './options.js';
import type { Registry } from './registry.js';
import { Requests, type RequestsHost } from './requests.js';
import { ResidentRuns, type ResidentRunsHost } from './resident-runs.js';
import { StoredRuns, type StoredRunsHost } from './stored-runs.js';

/**
 * Executes runs: claims those that have something to do, brings them to memory, and gives their executions time, journal and activities. When
 * others have taken over from it, it forgets its runs without a trace, and begins anew as another worker.
 */
export class Worker implements Executor, ResidentRunsHost, StoredRunsHost, RequestsHost, LeaseHost {
  readonly maxPayloadBytes: number;
  readonly journal: Journal;
  readonly #registry: Registry;
  readonly #settings: Settings;
  readonly #activities: Activities;
  readonly #lease: Lease;
  readonly stored: StoredRuns;
  readonly requests: Requests;
  readonly #runs: ResidentRuns;
  /** Of runs in memory, and of those that could not be read. */
  readonly #alarm: Alarm<PipelineExecution | string>;
  readonly #unsubscribe: () => void;
  readonly #unwatch: (() => void) | undefined;
  readonly #ready: CommitTick;
  #commits = 0;
  #life = 0;
  #state: 'open' | 'closing' | 'closed' = 'open';

  constructor(journal: Journal, registry: Registry, settings: Settings) {
    this.journal = journal;
    this.#registry = registry;
    this.#settings = settings;
    this.maxPayloadBytes = settings.maxPayloadBytes;
    this.#activities = new Activities(settings);
    this.#runs = new ResidentRuns(journal, registry, settings, this);
    this.requests = new Requests(journal, registry, settings, this);
    this.#ready = new CommitTick((execution) => {
      this.#runs.busy(execution);
      void execution.collect();
    });
    this.#lease = new Lease(journal, settings, this);
    this.#alarm = new Alarm(settings.clock, (subject) => {
      if (typeof subject === 'string') void this.activate(subject);
      else this.ready(subject);
    });
    this.stored = new StoredRuns(journal, registry, settings, this);
    this.#unwatch = settings.clock.watch?.(() => this.isQuiet);
    this.#unsubscribe = journal.subscribe((changes) => {
      this.#hear(changes);
    });
  }

  /** Goes on with every run that is nobody's and not at its end. */
  open(): Promise<void> {
    return this.#lease.acquire();
  }

  get id(): string | undefined {
    return this.#lease.worker;
  }

  reserve(): (() => void) | undefined {
    return this.#runs.reserve();
  }

  adopt(record: RunRecord, started: RunEvent): void {
    if (this.isOpen && record.worker === this.id) this.#runs.adopt(record, started);
  }

  expect(runId: string, startAt: number, record?: RunRecord): void {
    if (startAt <= this.now()) void this.activate(runId, record);
    else this.stored.expect(startAt);
  }

  activate(runId: string, atHand?: RunRecord): Promise<PipelineExecution | undefined> {
    return this.#runs.activate(runId, atHand);
  }

  loaded(runId: string): Promise<void> {
    return this.#runs.loaded(runId);
  }

  attend(runId: string): Promise<void> {
    return this.requests.attend(runId);
  }

  get isOpen(): boolean {
    return this.#state === 'open';
  }

  get residents(): ReadonlyMap<string, PipelineExecution> {
    return this.#runs.all;
  }

  async unblock({ id, link }: RunRecord): Promise<void> {
    await this.commit({ runId: id, link, events: [], status: { status: 'running', at: this.now() } });
  }

  /** Lets what is in flight end within the time, then stops. Everything can be resumed. */
  async close(timeoutMs: number): Promise<void> {
    if (this.#state !== 'open') return;
    this.#state = 'closing';
    await this.#activities.close(timeoutMs);
    await Promise.all([...this.residents.values()].map((execution) => execution.park()));
    this.#drop();
    await this.#lease.release();
  }

  crash(): void {
    this.#lease.abandon();
    this.#drop();
  }

  /** Whether everything that needs neither time nor the outside world has happened. */
  get isQuiet(): boolean {
    const settled = this.#ready.isQuiet && this.#commits === 0 && this.requests.isQuiet;
    return settled && this.#runs.isQuiet && this.stored.isQuiet && turnsAreQuiet();
  }

  // ── what executions ask for ───────────────────────────────────────────────────────────────────────────────────────────

  now(): number {
    return Math.floor(this.#settings.clock.now());
  }

  random(): number {
    return this.#settings.random();
  }

  newest(workflow: string, atHand: number): number {
    return this.#registry.newestVersion(workflow) ?? atHand;
  }

  started(runId: string): void {
    void this.activate(runId);
  }

  async commit(commit: RunCommit): Promise<readonly RunEvent[]> {
    const life = this.#life;
    const isStopped = (): boolean => this.#state === 'closed' || life !== this.#life;
    this.#commits += 1;
    const taken = await commitUntilTaken(this.journal, commit, this.#settings, isStopped);
    this.#commits -= 1;
    if (!taken && !isStopped()) await this.#refused(commit.runId);
    return taken ?? [];
  }

  launch(execution: Execution, command: Command): void {
    this.#activities.launch(execution, command);
  }

  abort(execution: Execution, command: Command): void {
    this.#activities.abort(execution, command);
  }

  soften(execution: Execution, command: Command): void {
    this.#activities.soften(execution, command);
  }

  ready(execution: PipelineExecution): void {
    this.#ready.add(execution);
  }

  idle(execution: PipelineExecution): void {
    if (this.#state !== 'closed') this.#runs.idle(execution);
  }

  arm(execution: PipelineExecution, due: number | undefined): void {
    if (this.#state !== 'closed') this.#alarm.set(execution, due);
  }

  blocked(execution: PipelineExecution, error: DeterminismError): void {
    const { runId, link } = execution;
    if (this.#runs.waitsInstead(execution)) {
      void this.attend(runId);
      return;
    }
    const status = { status: 'blocked', at: this.now(), detail: encodeFailure(error) } as const;
    // It keeps its place until that is written: whoever looked before would take it for a run that has been lost. And now a turn may be on, while
    // loggers ask what time it is.
    void this.commit({ runId, link, events: [], status }).then(() => {
      this.#settings.logger.error({ runId, error }, 'run blocked: its code does not fit the rules of replay');
      this.#runs.leave(execution);
      if (this.isOpen) void this.attend(runId);
    });
  }

  ended(execution: PipelineExecution): void {
    this.#runs.leave(execution);
    // Somebody may have asked for a retry in the meantime.
    if (this.isOpen && execution.hasUnread) void this.attend(execution.runId);
  }

  continued(execution: PipelineExecution): void {
    this.#runs.leave(execution);
    void this.activate(execution.runId);
  }

  restart(execution: PipelineExecution): void {
    execution.stop();
    this.#runs.leave(execution);
    void this.activate(execution.runId);
  }

  // ── what the memory asks for ──────────────────────────────────────────────────────────────────────────────────────────

  unreadable(runId: string, error: unknown): void {
    if (!this.isOpen) return;
    this.#settings.logger.error({ runId, error }, 'run could not be read; it is read again');
    this.#alarm.set(runId, this.now() + this.#settings.commitRetryMs);
  }

  left(execution: PipelineExecution): void {
    this.#ready.delete(execution);
    this.#alarm.set(execution, undefined);
  }

  get room(): number {
    return this.#runs.room;
  }

  hasRoom(): void {
    this.stored.hasRoom();
  }

  evicted(due: number | undefined): void {
    if (due !== undefined) this.stored.expect(due);
  }

  // ── waking ────────────────────────────────────────────────────────────────────────────────────────────────────────────

  async bring({ runId, letter }: News): Promise<void> {
    if ('kind' in letter && letter.kind === 'control') await this.attend(runId);
    else await this.#runs.hear(runId, letter);
  }

  #hear(changes: readonly Change[]): void {
    if (this.#state !== 'open') return;
    for (const change of changes) {
      if (change.type === 'foreign') this.stored.look();
      if (change.type === 'signal') void this.bring({ runId: change.runId, letter: change.signal });
      if (change.type === 'letter') void this.bring(change);
    }
  }

  // ── ownership ─────────────────────────────────────────────────────────────────────────────────────────────────────────

  renewed(): void {
    this.stored.lookAtAll();
  }

  acquired(): Promise<void> {
    return this.stored.recover();
  }

  async #refused(runId: string): Promise<void> {
    const life = this.#life;
    if (!(await this.#lease.check()) || life !== this.#life) return;
    this.#settings.logger.error({ runId }, 'a commit was refused for good: the run is dropped here');
    const execution = this.residents.get(runId);
    execution?.stop();
    if (execution) this.#runs.leave(execution);
  }

  /** Others have taken over: what was going on here goes on there. */
  lost(): void {
    this.#life += 1;
    this.#alarm.clear();
    this.stored.stop();
    this.#runs.clear();
    this.#ready.clear();
    this.#activities.abandon();
  }

  #drop(): void {
    if (this.#state === 'closed') return;
    this.#state = 'closed';
    this.#unsubscribe();
    this.#unwatch?.();
    this.#lease.stop();
    this.#activities.stopAll();
    this.lost();
  }
}
