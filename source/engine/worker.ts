import type { DeterminismError } from '../errors.js';
import type { Change, Journal, RunCommit, SignalRecord } from '../journal/journal.js';
import type { RunEvent } from '../journal/event.js';
import type { RunRecord } from '../journal/run-record.js';
import { isTerminal } from '../journal/status.js';
import type { Command } from '../run/command.js';
import { PipelineExecution } from '../run/execution.js';
import type { Execution, ExecutionHost } from '../run/host.js';
import { turnsAreQuiet } from '../run/turns.js';
import { encodeFailure } from '../values/failure.js';
import { newId } from '../values/ids.js';
import { Activities } from './activities.js';
import { Alarm } from './alarm.js';
import { Backlog } from './backlog.js';
import { commitUntilTaken } from './commit-retry.js';
import { CommitTick } from './commit-tick.js';
import { Lease } from './lease.js';
import type { Settings } from './options.js';
import type { Registry } from './registry.js';
import { Residency } from './residency.js';
import { StoredRuns, type StoredRunsHost } from './stored-runs.js';

/** Executes runs: brings them to memory when there is something to do, and gives their executions time, journal and activities. */
export class Worker implements ExecutionHost, StoredRunsHost {
  readonly maxPayloadBytes: number;
  readonly #journal: Journal;
  readonly #registry: Registry;
  readonly #settings: Settings;
  readonly #activities: Activities;
  readonly #residency: Residency;
  readonly #backlog = new Backlog();
  readonly #lease: Lease;
  readonly #stored: StoredRuns;
  /** Of runs in memory, and of those that could not be read. */
  readonly #alarm: Alarm<PipelineExecution | string>;
  readonly #resident = new Map<string, PipelineExecution>();
  readonly #loading = new Map<string, Promise<PipelineExecution | undefined>>();
  readonly #unsubscribe: () => void;
  readonly #unwatch: (() => void) | undefined;
  readonly #ready: CommitTick;
  #commits = 0;
  #reserved = 0;
  #state: 'open' | 'closing' | 'closed' = 'open';

  constructor(journal: Journal, registry: Registry, settings: Settings) {
    this.#journal = journal;
    this.#registry = registry;
    this.#settings = settings;
    this.maxPayloadBytes = settings.maxPayloadBytes;
    this.#activities = new Activities(settings);
    this.#residency = new Residency(settings, {
      wanted: () => this.#backlog.size,
      evict: (execution) => {
        this.#evict(execution);
      },
    });
    this.#ready = new CommitTick((execution) => {
      this.#residency.busy(execution);
      void execution.collect();
    });
    this.#lease = new Lease(journal, settings, () => {
      this.#drop('another worker has taken over this database');
    });
    this.#alarm = new Alarm(settings.clock, (subject) => {
      if (typeof subject === 'string') void this.activate(subject);
      else this.ready(subject);
    });
    this.#stored = new StoredRuns(journal, registry, settings, this);
    this.#unwatch = settings.clock.watch?.(() => this.isQuiet);
    this.#unsubscribe = journal.subscribe((changes) => {
      this.#hear(changes);
    });
  }

  /** Takes the database and goes on with every run that is not at its end. */
  async open(): Promise<void> {
    await this.#lease.acquire(newId());
    await this.#stored.recover();
  }

  /** Keeps a place for a run that is being started; `undefined` when there is none. The answer gives it back. */
  reserve(): (() => void) | undefined {
    if (!this.#hasRoom) return undefined;
    this.#reserved += 1;
    return () => {
      this.#reserved -= 1;
    };
  }

  /** Executes a run that has just been started, of which nothing has to be read. */
  adopt(record: RunRecord, started: RunEvent): void {
    const workflow = this.#registry.find(record.workflow, record.version);
    if (this.#state !== 'open' || !workflow || this.#resident.has(record.id)) return;
    this.#begin(new PipelineExecution(record, workflow, this), [started]);
  }

  /** Executes a run that was stored for later, as soon as it is due and there is room. */
  expect(runId: string, startAt: number): void {
    if (startAt <= this.now()) void this.activate(runId);
    else this.#stored.expect(startAt);
  }

  /** Brings a run to memory, now or when there is room. */
  async activate(runId: string): Promise<PipelineExecution | undefined> {
    const here = this.#resident.get(runId) ?? this.#loading.get(runId);
    if (here || this.#state !== 'open') return here;
    if (!this.#hasRoom) {
      this.#backlog.add(runId);
      this.#residency.hurry();
      return undefined;
    }
    const loading = this.#load(runId)
      .catch((error: unknown) => {
        this.#unreadable(runId, error);
        return undefined;
      })
      .finally(() => {
        this.#loading.delete(runId);
      });
    this.#loading.set(runId, loading);
    return loading;
  }

  get isOpen(): boolean {
    return this.#state === 'open';
  }

  get residents(): ReadonlyMap<string, PipelineExecution> {
    return this.#resident;
  }

  unblock({ id, link }: RunRecord): Promise<void> {
    return this.commit({ runId: id, link, events: [], status: { status: 'running', at: this.now() } });
  }

  /** Lets what is in flight end within the time, then stops. Everything can be resumed. */
  async close(timeoutMs: number): Promise<void> {
    if (this.#state !== 'open') return;
    this.#state = 'closing';
    await this.#activities.close(timeoutMs);
    await Promise.all([...this.#resident.values()].map((execution) => execution.park()));
    this.#drop(undefined);
    await this.#lease.release();
  }

  /** Stops at once and without a trace, as a killed process would. For tests of recovery. */
  crash(): void {
    this.#lease.abandon();
    this.#drop(undefined);
  }

  /** Whether everything that could happen without time passing or the outside world has happened. */
  get isQuiet(): boolean {
    const settled = this.#ready.isQuiet && this.#commits === 0 && this.#loading.size === 0;
    return settled && this.#residency.isQuiet && turnsAreQuiet();
  }

  // ── what executions ask for ───────────────────────────────────────────────────────────────────────────────────────────

  now(): number {
    return Math.floor(this.#settings.clock.now());
  }

  events(runId: string, link: number, from: number, limit: number): Promise<readonly RunEvent[]> {
    return this.#journal.events(runId, link, from, limit);
  }

  mailbox(runId: string): Promise<readonly SignalRecord[]> {
    return this.#journal.mailbox(runId);
  }

  async commit(commit: RunCommit): Promise<void> {
    this.#commits += 1;
    const taken = await commitUntilTaken(this.#journal, commit, this.#settings, () => this.#state === 'closed');
    this.#commits -= 1;
    if (!taken && this.#state !== 'closed') this.#drop('a commit was refused for good');
  }

  launch(execution: Execution, command: Command): void {
    this.#activities.launch(execution, command);
  }

  abort(execution: Execution, command: Command): void {
    this.#activities.abort(execution, command);
  }

  ready(execution: PipelineExecution): void {
    this.#ready.add(execution);
  }

  idle(execution: PipelineExecution): void {
    if (this.#state === 'closed') return;
    this.#residency.idle(execution);
    if (this.#backlog.size > 0) this.#residency.hurry();
  }

  arm(execution: PipelineExecution, due: number | undefined): void {
    if (this.#state !== 'closed') this.#alarm.set(execution, due);
  }

  blocked(execution: PipelineExecution, error: DeterminismError): void {
    this.#settings.logger.error(
      { runId: execution.runId, error },
      'run blocked: its code does not fit the rules of replay',
    );
    const status = { status: 'blocked', at: this.now(), detail: encodeFailure(error) } as const;
    void this.commit({ runId: execution.runId, link: execution.link, events: [], status });
    this.#leave(execution);
  }

  ended(execution: PipelineExecution): void {
    this.#leave(execution);
  }

  // ── waking ────────────────────────────────────────────────────────────────────────────────────────────────────────────

  #hear(changes: readonly Change[]): void {
    if (this.#state !== 'open') return;
    for (const change of changes) {
      if (change.type !== 'signal') continue;
      void this.activate(change.runId).then((execution) => execution?.receive(change.signal));
    }
  }

  // ── memory ────────────────────────────────────────────────────────────────────────────────────────────────────────────

  async #load(runId: string): Promise<PipelineExecution | undefined> {
    const record = await this.#journal.run(runId);
    if (!record || isTerminal(record.status) || this.#state !== 'open') return undefined;
    const workflow = this.#registry.find(record.workflow, record.version);
    if (!workflow) {
      const fields = { runId, workflow: record.workflow, version: record.version };
      this.#settings.logger.warn(fields, 'run waits: its workflow is not registered here');
      return undefined;
    }
    const execution = this.#resident.get(runId) ?? new PipelineExecution(record, workflow, this);
    if (!this.#resident.has(runId)) this.#begin(execution);
    return execution;
  }

  #begin(execution: PipelineExecution, first?: readonly RunEvent[]): void {
    this.#resident.set(execution.runId, execution);
    this.#commits += 1;
    execution
      .start(first)
      .catch((error: unknown) => {
        execution.stop();
        this.#leave(execution);
        this.#unreadable(execution.runId, error);
      })
      .finally(() => {
        this.#commits -= 1;
      });
  }

  #unreadable(runId: string, error: unknown): void {
    if (this.#state !== 'open') return;
    this.#settings.logger.error({ runId, error }, 'run could not be read; it is read again');
    this.#alarm.set(runId, this.now() + this.#settings.commitRetryMs);
  }

  get #hasRoom(): boolean {
    const places = this.#resident.size + this.#loading.size + this.#reserved;
    return places < this.#settings.maxResidentRuns || this.#residency.makeRoom();
  }

  #evict(execution: PipelineExecution): void {
    const { nextDue } = execution;
    execution.stop();
    this.#leave(execution);
    if (nextDue !== undefined) this.#stored.expect(nextDue);
  }

  #leave(execution: PipelineExecution): void {
    if (this.#resident.get(execution.runId) !== execution) return;
    this.#resident.delete(execution.runId);
    this.#ready.delete(execution);
    this.#residency.busy(execution);
    this.#alarm.set(execution, undefined);
    const next = this.#state === 'open' ? this.#backlog.next() : undefined;
    if (next !== undefined) void this.activate(next);
  }

  #drop(reason: string | undefined): void {
    if (this.#state === 'closed') return;
    this.#state = 'closed';
    if (reason !== undefined) this.#settings.logger.error({}, `worker stopped: ${reason}`);
    this.#unsubscribe();
    this.#unwatch?.();
    this.#alarm.clear();
    this.#stored.stop();
    this.#residency.clear();
    this.#lease.stop();
    for (const execution of this.#resident.values()) execution.stop();
    this.#resident.clear();
    this.#ready.clear();
    this.#activities.stopAll();
  }
}
