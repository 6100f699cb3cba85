import { isDeepStrictEqual } from 'node:util';
import { AssertionError } from 'node:assert';
import { EngineError } from '../errors.js';
import type { RunHistory } from '../journal/history.js';
import type { Journal } from '../journal/journal.js';
import type { RunStatus } from '../journal/status.js';
import { workflow, type Pipeline } from '../operators/workflow.js';
import { requireRun } from '../run/context.js';
import type { AnyWorkflow, WorkflowDefinition } from '../run/workflow.js';
import { decodeFailure } from '../values/failure.js';
import { crashScene, type CrashOptions } from './crash-everywhere.js';
import { happeningsOf, historyMarbles, parseHistoryMarbles, sortHappenings } from './history-marbles.js';
import type { MarbleHelpers, MarbleSubject } from './marble-helpers.js';
import { coldSource, hotRow, HotSources } from './marble-source.js';
import { parseMarbles, type MarbleMessage } from './marble-text.js';
import { perform } from './perform.js';
import type { SceneRun, TimedSignal, World } from './scene.js';
import { emits, type Stub } from './stubs.js';

/** The assertions of a test runner; `t` of AVA is one. */
export interface MarbleAssertions {
  deepEqual(actual: unknown, expected: unknown, message?: string): unknown;
}

export interface MarbleOptions extends Omit<World, 'activities' | 'signals'> {
  /** Also plays everything with a crash everywhere, see `crashEverywhere`. Default: false. */
  readonly crash?: boolean | CrashOptions;
}

export type MarbleBody = (helpers: MarbleHelpers) => void;

/**
 * A marble test of workflows: in memory, in virtual time, in the syntax and with the time progression of RxJS's `TestScheduler.run`. The
 * body says what there is and what is expected; then everything is played. Without `t` a difference is thrown as an `AssertionError`, so that
 * it works with any runner.
 *
 * @example
 * await workflowMarbles(({ activityAt, signalAt, expectOutput }) => {
 *   activityAt('charge', '-- (c|)', { c: 'ch_1' });
 *   signalAt(approval, '1m a', { a: true });
 *   expectOutput(processOrder, order).toBe('1m 2ms (r|)', { r: receipt });
 * });
 */
export function workflowMarbles(
  t: MarbleAssertions | undefined,
  body: MarbleBody,
  options?: MarbleOptions,
): Promise<void>;
export function workflowMarbles(body: MarbleBody, options?: MarbleOptions): Promise<void>;
export function workflowMarbles(
  first: MarbleAssertions | MarbleBody | undefined,
  second?: MarbleBody | MarbleOptions,
  third?: MarbleOptions,
): Promise<void> {
  const [t, body, options] = typeof first === 'function' ? [thrower, first, second] : [first, second, third];
  if (typeof body !== 'function' || typeof options === 'function') {
    throw new EngineError(
      'INVALID_ARGUMENT',
      `workflowMarbles needs a function that says what is expected, not ${typeof body}`,
    );
  }
  // The `t` of some runners has its assertions elsewhere: a thrown AssertionError does for all of them.
  return new MarbleTest(typeof t?.deepEqual === 'function' ? t : thrower, options).run(body);
}

const thrower: MarbleAssertions = {
  deepEqual: (actual, expected, message) => {
    if (isDeepStrictEqual(actual, expected)) return;
    throw new AssertionError({
      actual,
      expected,
      operator: 'deepStrictEqual',
      ...(message === undefined ? {} : { message }),
    });
  },
};

interface Played {
  readonly history: RunHistory;
  readonly start: number;
  readonly states: readonly MarbleMessage[];
}

/** A subject whose types have been forgotten. */
type AnySubject = AnyWorkflow | Pipeline<never, unknown>;

type Check = (played: Played) => void;

const statusLetters: Readonly<Record<string, RunStatus>> = {
  p: 'pending',
  r: 'running',
  w: 'waiting',
  c: 'completed',
  f: 'failed',
  b: 'blocked',
};

class MarbleTest {
  readonly #t: MarbleAssertions;
  readonly #options: MarbleOptions;
  readonly #hots = new HotSources();
  readonly #signals: TimedSignal[] = [];
  readonly #activities: Record<string, Stub> = {};
  readonly #definitions = new Map<unknown, WorkflowDefinition<unknown, unknown>>();
  readonly #runs: SceneRun[] = [];
  readonly #checks = new Map<string, Check>();

  constructor(t: MarbleAssertions, options: MarbleOptions = {}) {
    this.#t = t;
    this.#options = options;
  }

  async run(body: MarbleBody): Promise<void> {
    body(this.#helpers());
    if (this.#checks.size === 0)
      throw new EngineError('INVALID_ARGUMENT', 'this marble test expects nothing: call an expect…(…).toBe(…)');
    const { crash = false, ...world } = this.#options;
    const scene = { runs: this.#runs, world: { ...world, activities: this.#activities, signals: this.#signals } };
    const states = new Map<string, Map<number, RunStatus>>();
    const { histories, start } = await perform(scene, {
      onSettled: (now, journal) => this.#note(states, now, journal),
    });
    for (const history of histories) {
      const seen = [...(states.get(history.run.id) ?? [])].map(
        ([at, value]) => ({ frame: at - start, kind: 'N', value }) as const,
      );
      const changes = seen.filter(({ value }, index) => value !== seen[index - 1]?.value);
      this.#checks.get(history.run.id)?.({ history, start, states: changes });
    }
    if (crash !== false) await crashScene(scene, crash === true ? {} : crash);
  }

  async #note(states: Map<string, Map<number, RunStatus>>, now: number, journal: Journal): Promise<void> {
    for (const { id, status } of await journal.runs({}, { limit: this.#runs.length })) {
      const seen = states.get(id) ?? new Map<number, RunStatus>();
      states.set(id, seen.set(now, status));
    }
  }

  #helpers(): MarbleHelpers {
    return {
      cold: (marbles, values, error) => coldSource(parseMarbles(marbles, values, error)),
      hot: (marbles, values, error) => this.#hots.add(marbles, values, error),
      time: (marbles) => {
        const end = parseMarbles(marbles).find(({ kind }) => kind === 'C');
        if (end) return end.frame;
        throw new EngineError('INVALID_ARGUMENT', `time("${marbles}") needs a | where the time ends`);
      },
      signalAt: (signal, marbles, values) => {
        for (const { frame, kind, value } of parseMarbles(marbles, values)) {
          if (kind === 'N')
            this.#signals.push({ at: frame, name: signal.name, payload: signal.codec.encode(value as never) });
        }
      },
      activityAt: (name, marbles, values, error) => {
        const toMarbles = typeof marbles === 'string' ? (): string => marbles : marbles;
        this.#activities[name] = (input, context) =>
          emits(parseMarbles(toMarbles(input), values, error))(input, context);
      },
      expectOutput: <I, O>(subject: MarbleSubject<I, O>, input?: I) => ({
        toBe: (marbles: string, values?: Readonly<Record<string, unknown>>, error?: unknown) => {
          const { output } = this.#definition(subject);
          this.#expect(subject, input, ({ history, start }) => {
            const actual = outputsOf(history, start, (text) => output.decode(text));
            this.#compare(actual, parseMarbles(marbles, values, error), marbles, history);
          });
        },
      }),
      expectState: <I, O>(subject: MarbleSubject<I, O>, input?: I) => ({
        toBe: (marbles: string, values?: Readonly<Record<string, RunStatus>>) => {
          this.#expect(subject, input, ({ history, states }) => {
            this.#compare(states, parseMarbles(marbles, { ...statusLetters, ...values }), marbles, history);
          });
        },
      }),
      expectHistory: <I, O>(subject: MarbleSubject<I, O>, input?: I) => ({
        toBe: (marbles: string) => {
          this.#expect(subject, input, ({ history }) => {
            const happenings = happeningsOf(history.events).filter(({ row }) => row !== hotRow);
            const actual = sortHappenings(happenings);
            this.#compare(actual, sortHappenings(parseHistoryMarbles(marbles)), marbles, history);
          });
        },
      }),
    };
  }

  #compare(actual: unknown, expected: unknown, marbles: string, { run, events }: RunHistory): void {
    const message = `expected ${marbles}\nThe history of ${run.id}:\n${historyMarbles(events)}`;
    this.#t.deepEqual(actual, expected, message);
  }

  #expect(subject: AnySubject, input: unknown, check: Check): void {
    const definition = this.#definition(subject);
    const id = `${definition.name} ${this.#runs.length + 1}`;
    this.#runs.push({ id, workflow: definition, input: input ?? 'input' });
    this.#checks.set(id, check);
  }

  /** The workflow with the hot sources beside its pipeline. */
  #definition(subject: AnySubject): WorkflowDefinition<unknown, unknown> {
    const known = this.#definitions.get(subject);
    if (known) return known;
    const given = typeof subject === 'function' ? workflow(`pipeline ${this.#definitions.size + 1}`, subject) : subject;
    // Its input is checked by its own codec.
    const inner = given as unknown as WorkflowDefinition<unknown, unknown>;
    const definition: WorkflowDefinition<unknown, unknown> = {
      ...inner,
      subscribe: (input, observer) => {
        this.#hots.begin(requireRun('hot'));
        return inner.subscribe(input, observer);
      },
    };
    this.#definitions.set(subject, definition);
    return definition;
  }
}

const outputsOf = (
  { run, events }: RunHistory,
  start: number,
  decode: (text: string) => unknown,
): readonly MarbleMessage[] => {
  const messages = events.flatMap((event): MarbleMessage[] => {
    const frame = event.at - start;
    if (event.type === 'output-emitted') return [{ frame, kind: 'N', value: decode(event.payload) }];
    if (event.type === 'run-completed') return [{ frame, kind: 'C' }];
    return event.type === 'run-failed' ? [{ frame, kind: 'E', value: decodeFailure(event.payload) }] : [];
  });
  if (run.status !== 'blocked' || run.detail === undefined) return messages;
  return [...messages, { frame: (events.at(-1)?.at ?? start) - start, kind: 'E', value: decodeFailure(run.detail) }];
};
