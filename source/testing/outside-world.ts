import type { Journal } from '../journal/journal.js';
import type { PositionedEvent, RunEvent } from '../journal/event.js';
import type { ActivityContext, ActivityTask } from '../run/activity.js';
import type { ActivityInterceptor } from '../engine/options.js';
import { staysEnded } from '../run/check-history.js';
import { idempotencyKey } from '../run/step-key.js';
import { defaultCodec } from '../values/codec.js';
import { messageOf } from '../values/failure.js';
import { duration, type Duration } from '../values/duration.js';
import type { Stub, StubContext, Stubs } from './stubs.js';
import type { TestClock } from './test-clock.js';

/** One attempt of an activity, as the outside world saw it: repeated executions of the same attempt are one effect. */
export interface Effect {
  readonly activity: string;
  readonly runId: string;
  readonly idempotencyKey: string;
  readonly attempt: number;
  readonly input: unknown;
  /** Virtual time of the first execution. */
  readonly startedAt: number;
  /** How often it was executed: more than once only after crashes. */
  readonly executions: number;
  /** When the pipeline unsubscribed from it, if it did. */
  readonly cancelledAt?: number;
  /** How often its failure had been dropped by a retry of its run. */
  readonly dropped: number;
  /** Events that were committed when it was first executed: what led to it is among them. */
  readonly committed: number;
}

type Run = ActivityTask['run'];

const never = new Promise<never>(() => undefined);

/**
 * The world that activities act on: it lives through the crashes of processes, remembers what was done in it, and stands in for the
 * activities that a test replaces.
 */
export class OutsideWorld {
  readonly #clock: TestClock;
  readonly #stubs: Stubs;
  readonly #effects = new Map<string, Effect>();
  /** Activities whose end is committed, by idempotency key. */
  readonly #ended = new Map<string, { readonly runId: string; readonly link: number; readonly event: RunEvent }>();
  /** How often the failure of an activity was dropped by a retry of its run. */
  readonly #dropped = new Map<string, number>();
  readonly #committed = new Map<string, number>();
  readonly #violations: string[] = [];
  #life = 0;

  constructor(clock: TestClock, stubs: Stubs, journal: Journal) {
    this.#clock = clock;
    this.#stubs = stubs;
    journal.subscribe((changes) => {
      for (const change of changes) {
        if (change.type === 'events') for (const positioned of change.events) this.#see(positioned);
      }
    });
  }

  /** What was done, in the order in which it was first done. */
  get effects(): readonly Effect[] {
    return [...this.#effects.values()];
  }

  /** Executions that must not have happened: those of an activity whose end was committed already. */
  get violations(): readonly string[] {
    return this.#violations;
  }

  /** A process comes up; the one before it is dead, and what is left of it reaches the world no more. */
  newLife(): ActivityInterceptor {
    this.#life += 1;
    const life = this.#life;
    return (name, run) => (input, context) =>
      life === this.#life ? this.#execute(name, run, input, context, life) : never;
  }

  /** The process is dead. */
  endLife(): void {
    this.#life += 1;
  }

  #execute(activity: string, run: Run, input: unknown, context: ActivityContext, life: number): unknown {
    const { runId, idempotencyKey, attempt } = context;
    const dropped = this.#dropped.get(idempotencyKey) ?? 0;
    const id = `${idempotencyKey}@${attempt}${dropped > 0 ? `, again ${dropped}` : ''}`;
    if (this.#ended.has(idempotencyKey)) {
      this.#violations.push(`${id} was executed although its end had been committed`);
    }
    const before = this.#effects.get(id);
    const effect: Effect = before
      ? { ...before, executions: before.executions + 1 }
      : {
          activity,
          runId,
          idempotencyKey,
          attempt,
          input,
          startedAt: this.#clock.now(),
          executions: 1,
          dropped,
          committed: this.#committed.get(runId) ?? 0,
        };
    this.#effects.set(id, effect);
    context.signal.addEventListener('abort', () => {
      if (life === this.#life && !isTimeout(context.signal.reason)) this.#cancel(id);
    });
    const stub: Stub | undefined = this.#stubs[activity];
    if (!stub) return run(input, context);
    const after = (length: Duration): Promise<void> => this.#until(effect.startedAt + duration(length, 'after'));
    // The context's own properties are getters, which a copy would evaluate.
    const stubContext = Object.create(context, { after: { value: after }, dropped: { value: dropped } }) as StubContext;
    return stub(input as never, stubContext);
  }

  #until(instant: number): Promise<void> {
    return new Promise((resolve) => {
      this.#clock.at(instant, resolve);
    });
  }

  #cancel(id: string): void {
    const effect = this.#effects.get(id);
    if (effect) this.#effects.set(id, { ...effect, cancelledAt: this.#clock.now() });
  }

  #see({ runId, link, event }: PositionedEvent): void {
    this.#committed.set(runId, event.seq + 1);
    if (event.type === 'run-retried' || event.type === 'run-rewound') this.#forget(runId, link, event);
    if (event.type !== 'activity-completed' && event.type !== 'activity-failed') return;
    const key = idempotencyKey(runId, link, event.epoch, event.key);
    this.#ended.set(key, { runId, link, event });
  }

  /** The run has gone back: what had failed there is done again, and behind a rewind everything. What came before is not. */
  #forget(runId: string, link: number, back: RunEvent): void {
    for (const [key, ended] of this.#ended) {
      if (ended.runId !== runId || ended.link !== link || staysEnded(ended.event, back)) continue;
      this.#ended.delete(key);
      this.#dropped.set(key, (this.#dropped.get(key) ?? 0) + 1);
    }
  }
}

const isTimeout = (reason: unknown): boolean =>
  typeof reason === 'object' && reason !== null && 'code' in reason && reason.code === 'ACTIVITY_TIMEOUT';

/** An effect in one line, without how often and when it was executed. */
export const effectText = (
  { idempotencyKey: key, attempt, dropped, input, startedAt }: Effect,
  start: number,
): string => `${startedAt - start}: ${key}@${attempt}${dropped > 0 ? `, again ${dropped}` : ''} ${inputText(input)}`;

const inputText = (input: unknown): string => {
  try {
    return defaultCodec.encode(input);
  } catch (error) {
    return messageOf(error);
  }
};
