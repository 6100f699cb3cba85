import { enterRun, type RunContext } from './context.js';
import { takeTime, returnTime } from './scheduler.js';

/**
 * A turn is the delivery of one event with everything that the pipeline does in reaction. Each turn is a macrotask of its own:
 *
 * ```
 * setImmediate ─► begin turn 1 ─► Node drains ticks and microtasks ─► setImmediate ─► end turn 1, begin turn 2 ─► …
 * ```
 *
 * The callbacks of one phase are queued in one go, so that no foreign callback can come between the beginning of a turn and its
 * end, a throw does not prevent the end, and promises inside pipelines settle within the turn that caused them.
 */
export interface Turn {
  readonly run: RunContext;
  begin(): void;
  /** What `begin` threw, if it did. */
  end(thrown: unknown): void;
}

/** Callbacks queued for one phase of the event loop. */
const turnsPerPhase = 1000;
/** A phase ends early after this time, so that timers and sockets get their share. */
const phaseBudgetMs = 4;

let queue: Turn[] = [];
let head = 0;
let pumping = false;
let current: Turn | undefined;
let thrown: unknown;
let phaseEnds = 0;

const endCurrent = (): void => {
  if (!current) return;
  const turn = current;
  const error = thrown;
  current = undefined;
  thrown = undefined;
  returnTime();
  enterRun(undefined);
  turn.end(error);
};

const beginNext = (): void => {
  const turn = queue[head];
  if (!turn) return;
  head += 1;
  if (head === queue.length) {
    queue = [];
    head = 0;
  }
  current = turn;
  enterRun(turn.run);
  takeTime(turn.run);
  try {
    turn.begin();
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
  if (head < queue.length) pump();
  else pumping = false;
};

const pump = (): void => {
  pumping = true;
  const count = Math.min(queue.length - head, turnsPerPhase);
  for (let i = 0; i < count; i += 1) setImmediate(step);
  setImmediate(last);
};

/** Queues a turn; turns are taken in the order in which they were queued. */
export const takeTurn = (turn: Turn): void => {
  queue.push(turn);
  if (!pumping) pump();
};

/** Whether no turn is on or queued. */
export const turnsAreQuiet = (): boolean => !pumping;
