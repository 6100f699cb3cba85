import type { Tempolite } from '../client/tempolite.js';
import { EngineError, ValueError } from '../errors.js';
import type { Journal } from '../journal/journal.js';
import type { JournalOptions } from '../journal/libsql/open-journal.js';
import type { Control } from '../run/control.js';
import type { SignalDefinition } from '../run/signal.js';
import type { AnyWorkflow } from '../run/workflow.js';
import { duration, type Duration } from '../values/duration.js';
import type { Stubs } from './stubs.js';

/** A signal that is published at a time, counted from the beginning. Made by `signalAt`. */
export interface TimedSignal {
  readonly at: Duration;
  readonly name: string;
  readonly payload: string;
  /** Which run gets it. Default: each. */
  readonly runId?: string;
}

/**
 * A signal of the world.
 *
 * @example
 * const world = { signals: [signalAt('2 days', approval, true)] };
 */
export const signalAt = <P>(at: Duration, signal: SignalDefinition<P>, payload: P, runId?: string): TimedSignal => ({
  at,
  name: signal.name,
  payload: signal.codec.encode(payload),
  ...(runId === undefined ? {} : { runId }),
});

/** Something that is asked of a run at a time, counted from the beginning. Made by `requestAt`. */
export interface TimedRequest {
  readonly at: Duration;
  readonly control: Control;
  /** Of which run. Default: of each. */
  readonly runId?: string;
}

/**
 * Somebody asks something of the runs of the world: `pause`, `resume`, `cancel`, `terminate`, `replay`. What a run cannot take then is
 * passed over.
 *
 * @example
 * const world = { requests: [requestAt('1 hour', 'pause'), requestAt('2 hours', 'resume')] };
 */
export const requestAt = (at: Duration, type: Exclude<Control['type'], 'rewind'>, runId?: string): TimedRequest => ({
  at,
  control: { type },
  ...(runId === undefined ? {} : { runId }),
});

/** What surrounds a workflow in a test. All times are counted from the beginning. */
export interface World {
  /** Stand-ins for activities, by name. The others run as they are. */
  readonly activities?: Stubs;
  /** Workflows beside those of the runs: of their children. */
  readonly workflows?: readonly AnyWorkflow[];
  readonly signals?: readonly TimedSignal[];
  readonly requests?: readonly TimedRequest[];
  /** No process is up in these times. */
  readonly outages?: readonly { readonly at: Duration; readonly length: Duration }[];
  /** The machine's clock is set forth or (below 0) back, in ms. */
  readonly jumps?: readonly { readonly at: Duration; readonly by: number }[];
  /** It is over by then even if a run waits on. Default: when nothing happens any more. */
  readonly until?: Duration;
  /** The instant of the beginning. Default: that of `TestClock`. */
  readonly start?: Date | number;
}

/** A run of a scene. */
export interface SceneRun {
  readonly id: string;
  readonly workflow: AnyWorkflow;
  readonly input: unknown;
  /** Default: at the beginning. */
  readonly at?: Duration;
}

/** What somebody finds who does something to a scene: the database, and the engine of the process that is up, if one is. */
export interface Stage {
  readonly journal: Journal;
  readonly tempolite: Tempolite | undefined;
  readonly now: number;
}

/** Something that is done at a time, counted from the beginning; what it does may depend on what it finds. */
export interface Deed {
  readonly at: Duration;
  /** Answers whether it is done. If not, or when a process dies under it, it is tried again with the next one. */
  readonly act: (stage: Stage) => Promise<boolean>;
}

/** Runs and the world around them. */
export interface Scene {
  readonly runs: readonly SceneRun[];
  readonly world: World;
  readonly deeds?: readonly Deed[];
  /** How payloads are stored. */
  readonly database?: Pick<JournalOptions, 'payloads' | 'bigPayloadBytes'>;
}

export type SceneAction =
  | { readonly type: 'start'; readonly run: SceneRun }
  | { readonly type: 'signal'; readonly runId: string; readonly signal: TimedSignal }
  | { readonly type: 'request'; readonly runId: string; readonly control: Control }
  | { readonly type: 'deed'; readonly act: Deed['act'] }
  | { readonly type: 'down' | 'up' }
  | { readonly type: 'jump'; readonly by: number };

/** What happens when, from the beginning at `start` on; at one instant in this order: up, starts, signals, requests, deeds, jumps, down. */
export const timelineOf = (
  { runs, world, deeds = [] }: Scene,
  start: number,
): { readonly at: number; readonly action: SceneAction }[] => {
  const { signals = [], requests = [], outages = [], jumps = [] } = world;
  const instant = (at: Duration, what: string): number => start + duration(at, what);
  // It need not be a run of the scene: children and forks are there later.
  const idsFor = (runId: string | undefined): readonly string[] =>
    runId === undefined ? runs.map(({ id }) => id) : [runId];
  return [
    ...outages.map(({ at, length }) => ({
      at: instant(at, 'the beginning of an outage') + duration(length, 'the length of an outage'),
      action: { type: 'up' } as const,
    })),
    ...runs.map((run) => ({
      at: instant(run.at ?? 0, `the start of ${run.id}`),
      action: { type: 'start', run } as const,
    })),
    ...signals.flatMap((signal) =>
      idsFor(signal.runId).map((id) => ({
        at: instant(signal.at, `the time of signal ${signal.name}`),
        action: { type: 'signal', runId: id, signal } as const,
      })),
    ),
    ...requests.flatMap(({ at, control, runId }) =>
      idsFor(runId).map((id) => ({
        at: instant(at, `the time of ${control.type}`),
        action: { type: 'request', runId: id, control } as const,
      })),
    ),
    ...deeds.map(({ at, act }) => ({ at: instant(at, 'the time of a deed'), action: { type: 'deed', act } as const })),
    ...jumps.map(({ at, by }) => ({
      at: instant(at, 'the time of a jump'),
      action: { type: 'jump', by: whole(by) } as const,
    })),
    ...outages.map(({ at }) => ({ at: instant(at, 'the beginning of an outage'), action: { type: 'down' } as const })),
  ].sort((a, b) => a.at - b.at);
};

const whole = (by: number): number => {
  if (Number.isFinite(by)) return by;
  throw new ValueError('INVALID_ARGUMENT', `a jump of the clock is in ms, not ${String(by)}`);
};

/** Nobody minds a signal that comes too late. */
export const ignoreEnded = (error: unknown): void => {
  if (!(error instanceof EngineError) || error.code !== 'RUN_ENDED') throw error;
};

/** Nor one that comes too early. */
export const ignoreNoReceiver = (error: unknown): void => {
  if (!(error instanceof EngineError) || (error.code !== 'RUN_ENDED' && error.code !== 'RUN_NOT_FOUND')) throw error;
};

/** Nobody is there yet of whom something could be asked. */
export const ignoreAbsent = (error: unknown): void => {
  if (!(error instanceof EngineError) || error.code !== 'RUN_NOT_FOUND') throw error;
};
