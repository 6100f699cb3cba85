import type { DeterminismError } from '../errors.js';
import type { Change, Journal, Letter, RunCommit, SignalRecord } from '../journal/journal.js';
import type { RunEvent } from '../journal/event.js';
import type { RunRecord } from '../journal/run-record.js';
import type { Command } from '../run/command.js';
import type { PipelineExecution } from '../run/execution.js';
import type { Execution } from '../run/host.js';
import { turnsAreQuiet } from '../run/turns.js';
import { encodeFailure } from '../values/failure.js';
import { newId } from '../values/ids.js';
import { Activities } from './activities.js';
import { Alarm } from './alarm.js';
import { commitUntilTaken } from './commit-retry.js';
import { CommitTick } from './commit-tick.js';
import { Lease } from './lease.js';
import type { Settings } from './options.js';
import type { Registry } from './registry.js';
import { Requests, type RequestsHost } from './requests.js';
import { ResidentRuns, type ResidentRunsHost } from './resident-runs.js';
import { StoredRuns, type StoredRunsHost } from './stored-runs.js';

/** Executes runs: brings them to memory when there is something to do, and gives their executions time, journal and activities. */
export class Worker implements ResidentRunsHost, StoredRunsHost, RequestsHost {
  readonly maxPayloadBytes: number;
  readonly #journal: Journal;
  readonly #registry: Registry;
  readonly #settings: Settings;
  readonly #activities: Activities;
  readonly #lease: Lease;
  readonly #stored: StoredRuns;
  readonly #requests: Requests;
  readonly #runs: ResidentRuns;
  /** Of runs in memory, and of those that could not be read. */
  readonly #alarm: Alarm<PipelineExecution | string>;
  readonly #unsubscribe: () => void;
  readonly #unwatch: (() => void) | undefined;
  readonly #ready: CommitTick;
  readonly #isClosed = (): boolean => this.#state === 'closed';
  #commits = 0;
  #state: 'open' | 'closing' | 'closed' = 'open';

  constructor(journal: Journal, registry: Registry, settings: Settings) {
    this.#journal = journal;
    this.#registry = registry;
    this.#settings = settings;
    this.maxPayloadBytes = settings.maxPayloadBytes;
    this.#activities = new Activities(settings);
    this.#runs = new ResidentRuns(journal, registry, settings, this);
    this.#requests = new Requests(journal, registry, settings, this);
    this.#ready = new CommitTick((execution) => {
      this.#runs.busy(execution);
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
    return this.#runs.reserve();
  }

  /** Executes a run that has just been started, of which nothing has to be read. */
  adopt(record: RunRecord, started: RunEvent): void {
    if (this.isOpen) this.#runs.adopt(record, started);
  }

  /** Executes a run that was stored for later, as soon as it is due and there is room. */
  expect(runId: string, startAt: number): void {
    if (startAt <= this.now()) void this.activate(runId);
    else this.#stored.expect(startAt);
  }

  /** Brings a run to memory, now or when there is room. */
  activate(runId: string): Promise<PipelineExecution | undefined> {
    return this.#runs.activate(runId);
  }

  attend(runId: string): Promise<void> {
    return this.#requests.attend(runId);
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
    const settled = this.#ready.isQuiet && this.#commits === 0 && this.#requests.isQuiet;
    return settled && this.#runs.isQuiet && turnsAreQuiet();
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

  events(runId: string, link: number, from: number, limit: number): Promise<readonly RunEvent[]> {
    return this.#journal.events(runId, link, from, limit);
  }

  mailbox(runId: string): Promise<readonly SignalRecord[]> {
    return this.#journal.mailbox(runId);
  }

  letters(runId: string): Promise<readonly Letter[]> {
    return this.#journal.letters(runId);
  }

  async commit(commit: RunCommit): Promise<readonly RunEvent[]> {
    this.#commits += 1;
    const taken = await commitUntilTaken(this.#journal, commit, this.#settings, this.#isClosed);
    this.#commits -= 1;
    if (!taken && this.#state !== 'closed') this.#drop('a commit was refused for good');
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
    this.#settings.logger.error(
      { runId: execution.runId, error },
      'run blocked: its code does not fit the rules of replay',
    );
    const status = { status: 'blocked', at: this.now(), detail: encodeFailure(error) } as const;
    void this.commit({ runId: execution.runId, link: execution.link, events: [], status });
    this.#runs.leave(execution);
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

  undecided(runId: string): Promise<void> {
    return this.#requests.undecided(runId);
  }

  unreadable(runId: string, error: unknown): void {
    if (!this.isOpen) return;
    this.#settings.logger.error({ runId, error }, 'run could not be read; it is read again');
    this.#alarm.set(runId, this.now() + this.#settings.commitRetryMs);
  }

  left(execution: PipelineExecution): void {
    this.#ready.delete(execution);
    this.#alarm.set(execution, undefined);
  }

  evicted(due: number | undefined): void {
    if (due !== undefined) this.#stored.expect(due);
  }

  // ── waking ────────────────────────────────────────────────────────────────────────────────────────────────────────────

  #hear(changes: readonly Change[]): void {
    if (this.#state !== 'open') return;
    for (const change of changes) {
      if (change.type === 'signal')
        void this.activate(change.runId).then((execution) => execution?.receive(change.signal));
      if (change.type !== 'letter') continue;
      const { runId, letter } = change;
      if (letter.kind === 'child') void this.activate(runId).then((execution) => execution?.receive(letter));
      else void this.attend(runId);
    }
  }

  #drop(reason: string | undefined): void {
    if (this.#state === 'closed') return;
    this.#state = 'closed';
    if (reason !== undefined) this.#settings.logger.error({}, `worker stopped: ${reason}`);
    this.#unsubscribe();
    this.#unwatch?.();
    this.#alarm.clear();
    this.#stored.stop();
    this.#lease.stop();
    this.#runs.clear();
    this.#ready.clear();
    this.#activities.stopAll();
  }
}
