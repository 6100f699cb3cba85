import { fork, type ChildProcess } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { Tempolite, type RunRecord } from '../../source/index.js';
import type { PositionedEvent } from '../../source/journal/event.js';
import { deferred } from '../_support/engine.js';
import { randomOf } from './random.js';

export interface SoakOptions {
  readonly url: string;
  /** A file that is the outside world. */
  readonly world: string;
  readonly seconds: number;
  readonly processes: number;
  readonly seed: number;
  /** How long what is left may take to end, once nobody is killed any more. */
  readonly healSeconds: number;
  /** Called now and then while it is harassed: something else goes wrong. */
  readonly trouble?: () => void;
}

export interface Soaked {
  /** What does not hold. */
  readonly faults: readonly string[];
  readonly figures: Readonly<Record<string, number>>;
}

interface Told {
  readonly open?: true;
  readonly started?: string;
  readonly ended?: string;
  readonly error?: string;
  readonly stopped?: true;
}

interface Member {
  readonly child: ChildProcess;
  readonly gone: Promise<void>;
  /** It starts nothing any more, and what it has started has ended. */
  readonly stopped: Promise<void>;
  state: 'running' | 'frozen' | 'gone';
}

const leaseMs = 1000;

/** Several processes on one database, killed and frozen at random, then left alone until everything has ended. */
export const soak = async (options: SoakOptions): Promise<Soaked> => {
  const crew = new Crew(options);
  const watcher = await Tempolite.open({ url: options.url, worker: false });
  const seen = new Sequence();
  const watching = watcher.events$().subscribe({
    next: (event) => {
      seen.take(event);
    },
    error: (error: unknown) => crew.faults.push(`events$ failed: ${String(error)}`),
  });
  await crew.harass();
  await Promise.race([crew.heal(), pause(options.healSeconds * 1000)]);
  const records = await ended(watcher, options.healSeconds);
  await crew.close();
  watching.unsubscribe();
  await watcher.close();
  return {
    faults: [...crew.faults, ...seen.faults, ...faultsOf(records, crew, options)],
    figures: crew.figuresWith(records, seen),
  };
};

/** The runs, when all are at their end, or when the time is over. */
const ended = async (watcher: Tempolite, seconds: number): Promise<readonly RunRecord[]> => {
  const deadline = performance.now() + seconds * 1000;
  for (;;) {
    const open = await watcher.list({ status: ['pending', 'running', 'waiting', 'paused', 'blocked'], limit: 1 });
    if (open.length === 0 || performance.now() > deadline) return watcher.list();
    await new Promise((resolve) => setTimeout(resolve, 100));
  }
};

const faultsOf = (records: readonly RunRecord[], crew: Crew, { world }: SoakOptions): readonly string[] => {
  const faults: string[] = [];
  const byId = new Map(records.map((record) => [record.id, record]));
  for (const id of crew.started) if (!byId.has(id)) faults.push(`run ${id} was acknowledged and is lost`);
  for (const { id, status } of records) if (status !== 'completed') faults.push(`run ${id} is ${status}`);
  const effects = linesOf(world);
  const done = new Set(effects);
  const orders = records.filter(({ workflow }) => workflow === 'order');
  const expected = orders.flatMap(({ id }) => [
    `${id}/0/activity:charge#0`,
    `${id}/0/step:trip/flight#0`,
    `${id}/0/step:trip/hotel#0`,
  ]);
  const children = records.filter(({ workflow }) => workflow === 'parcel').map(({ id }) => `${id}/0/activity:pack#0`);
  for (const key of [...expected, ...children]) if (!done.has(key)) faults.push(`${key} never happened`);
  if (orders.length !== children.length) faults.push(`${orders.length} orders have ${children.length} parcels`);
  for (const key of done) {
    if (!expected.includes(key) && !children.includes(key)) faults.push(`${key} happened, and no run asks for it`);
  }
  return faults;
};

export const linesOf = (world: string): readonly string[] =>
  existsSync(world) ? readFileSync(world, 'utf8').split('\n').filter(Boolean) : [];

/** Every event of each run once, in the order of its `seq`. */
class Sequence {
  readonly faults: string[] = [];
  readonly #next = new Map<string, number>();
  events = 0;

  take({ runId, link, event }: PositionedEvent): void {
    this.events += 1;
    const key = `${runId}/${link}`;
    const expected = this.#next.get(key) ?? 0;
    if (event.seq !== expected) this.faults.push(`events$ gave ${key} ${event.seq}, expected ${expected}`);
    this.#next.set(key, event.seq + 1);
  }
}

class Crew {
  readonly faults: string[] = [];
  readonly started = new Set<string>();
  readonly #options: SoakOptions;
  readonly #random: () => number;
  readonly #members: Member[] = [];
  #lives = 0;
  #kills = 0;
  #freezes = 0;

  constructor(options: SoakOptions) {
    this.#options = options;
    this.#random = randomOf(options.seed);
  }

  async harass(): Promise<void> {
    const { processes, seconds } = this.#options;
    for (let n = 0; n < processes; n += 1) this.#hire();
    const end = performance.now() + seconds * 1000;
    while (performance.now() < end) {
      await pause(200 + this.#random() * 800);
      this.#options.trouble?.();
      const place = Math.floor(this.#random() * processes);
      const member = this.#members[place];
      if (member?.state === 'frozen') this.#thaw(member);
      else if (member && this.#random() < 0.5) this.#freeze(member);
      else if (member) {
        this.#kills += 1;
        member.child.kill('SIGKILL');
        await member.gone;
        this.#members.splice(place, 1);
        this.#hire();
      }
    }
  }

  /** Nobody is harassed any more, and nobody starts anything new. */
  async heal(): Promise<void> {
    for (const member of this.#members) if (member.state === 'frozen') this.#thaw(member);
    for (const { child } of this.#members) child.send('stop');
    await Promise.all(this.#members.map(({ gone, stopped }) => Promise.race([gone, stopped])));
  }

  async close(): Promise<void> {
    for (const { child, state } of this.#members) if (state !== 'gone') child.send('close');
    const timer = setTimeout(() => {
      for (const { child } of this.#members) child.kill('SIGKILL');
      this.faults.push('a process did not close in 20 s');
    }, 20_000);
    await Promise.all(this.#members.map(({ gone }) => gone));
    clearTimeout(timer);
  }

  figuresWith(records: readonly RunRecord[], { events }: Sequence): Soaked['figures'] {
    const effects = linesOf(this.#options.world);
    return {
      runs: records.length,
      acknowledged: this.started.size,
      events,
      effects: new Set(effects).size,
      executedAgain: effects.length - new Set(effects).size,
      kills: this.#kills,
      freezes: this.#freezes,
      runsPerSecond: Math.round(records.length / this.#options.seconds),
    };
  }

  #hire(): void {
    this.#lives += 1;
    const name = `m${this.#lives}`;
    const args = [this.#options.url, this.#options.world, name, String(leaseMs)];
    const child = fork(fileURLToPath(new URL('member.js', import.meta.url)), args, {
      stdio: ['ignore', 'ignore', 'pipe', 'ipc'],
    });
    const gone = new Promise<void>((resolve) => {
      child.once('exit', (code) => {
        member.state = 'gone';
        if (code !== null && code !== 0) this.faults.push(`${name} ended with ${code}: ${errors}`);
        resolve();
      });
    });
    const stopped = deferred();
    let errors = '';
    child.stderr?.on('data', (data: Buffer) => (errors += data.toString()));
    const member: Member = { child, gone, stopped: stopped.promise, state: 'running' };
    child.on('message', (message) => {
      const { started, error, stopped: isStopped } = message as Told;
      if (isStopped) stopped.resolve();
      if (started !== undefined) this.started.add(started);
      if (error !== undefined) this.faults.push(`${name} was told ${error}`);
    });
    this.#members.push(member);
  }

  /** Past its lease, as a rule. */
  #freeze(member: Member): void {
    this.#freezes += 1;
    member.state = 'frozen';
    member.child.kill('SIGSTOP');
    setTimeout(
      () => {
        if (member.state === 'frozen') this.#thaw(member);
      },
      leaseMs * (0.5 + 2 * this.#random()),
    );
  }

  #thaw(member: Member): void {
    member.child.kill('SIGCONT');
    member.state = 'running';
  }
}

const pause = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms));
