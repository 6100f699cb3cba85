import type { RunEvent } from '../journal/event.js';
import { enterRun, type RunContext } from './context.js';
import { takeTime, returnTime } from './scheduler.js';

/**
 * Who takes turns. A turn is the delivery of one event with everything that the pipeline does in reaction. Each turn is a macrotask of its own:
 *
 * ```
 * setImmediate ─► begin turn 1 ─► Node drains ticks and microtasks ─► setImmediate ─► end turn 1, begin turn 2 ─► …
 * ```
 *
 * The callbacks of one phase are queued in one go, so that no foreign callback can come between the beginning of a turn and its
 * end, a throw does not prevent the end, and promises inside pipelines settle within the turn that caused them.
 */
export interface TurnTaker {
  /** The run that the operators find in its turns. */
  readonly context: RunContext;
  beginTurn(event: RunEvent): void;
  /** The last thing within the turn. `thrown` has what `beginTurn` threw, if it did. */
  settleTurn(thrown: Thrown | undefined): void;
  /** The turn is over, and no run's turn is on. */
  endTurn(): void;
}

export interface Thrown {
  readonly error: unknown;
}

/** Callbacks queued for one phase of the event loop. */
const turnsPerPhase = 1000;
/** A phase ends early after this time, so that timers and sockets get their share. */
const phaseBudgetMs = 4;

/** Takers and their events, in turn: a replay queues a thousand turns at once, and an object for each would be its largest cost. */
let takers: TurnTaker[] = [];
let events: RunEvent[] = [];
let head = 0;
let pumping = false;
let current: TurnTaker | undefined;
let thrown: Thrown | undefined;
let phaseEnds = 0;

const endCurrent = (): void => {
  if (!current) return;
  const taker = current;
  const error = thrown;
  current = undefined;
  thrown = undefined;
  try {
    taker.settleTurn(error);
  } finally {
    returnTime();
    enterRun(undefined);
  }
  taker.endTurn();
};

const beginNext = (): void => {
  const taker = takers[head];
  const event = events[head];
  if (!taker || !event) return;
  head += 1;
  if (head === takers.length) {
    takers = [];
    events = [];
    head = 0;
  }
  current = taker;
  enterRun(taker.context);
  takeTime(taker.context);
  try {
    taker.beginTurn(event);
  } catch (error) {
    thrown = { error };
  }
};

const step = (): void => {
  endCurrent();
  if (phaseEnds === 0) phaseEnds = performance.now() + phaseBudgetMs;
  if (performance.now() < phaseEnds) beginNext();
};

const last = (): void => {
  endCurrent();
  phaseEnds = 0;
  if (head < takers.length) pump();
  else pumping = false;
};

const pump = (): void => {
  pumping = true;
  const count = Math.min(takers.length - head, turnsPerPhase);
  for (let i = 0; i < count; i += 1) setImmediate(step);
  setImmediate(last);
};

/** Queues the delivery of an event; turns are taken in the order in which they were queued. */
export const takeTurn = (taker: TurnTaker, event: RunEvent): void => {
  takers.push(taker);
  events.push(event);
  if (!pumping) pump();
};

/** Whether no turn is on or queued. */
export const turnsAreQuiet = (): boolean => !pumping;
